"""The second count: everything counted once more from the facts, by another engine and in another language (second_count.sql).

Open months are counted from the facts, closed ones from the units that were counted when they were closed (D7); and all from the units.
DuckDB keeps nothing: it reads files that are removed afterwards.
"""

import asyncio
import csv
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from common.db import Connection, Database
from reporting.rollups.bins import federal
from reporting.rollups.counting import all_counted

STATEMENTS = Path(__file__).parent / "second_count.sql"


def _moment(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


ID, TEXT, NUMBER, YES_NO, DAY = "VARCHAR", "VARCHAR", "BIGINT", "BOOLEAN", "DATE"
WHOSE = {"plan_id": ID, "employer_id": ID, "programme": TEXT, "provider_id": ID}
COUNTED = {"kind": TEXT, "a": NUMBER, "b": NUMBER}
CLOCKS = {f"{name}_{unit}": NUMBER for name in ("scheduled", "consulted", "first_session") for unit in ("seconds", "days")}

TABLES: Mapping[str, Mapping[str, str]] = {
    "counted_client": {"client_id": ID, "plan_id": ID, "employer_id": ID, "programme": TEXT, "time_zone": TEXT},
    "episode_fact": {
        "episode_id": ID, "client_id": ID, "employer_id": ID, "programme": TEXT, "sought_at": NUMBER, "served": YES_NO,
        **CLOCKS, "withdrawn_at": NUMBER,
    },
    "request_fact": {"request_id": ID, "client_id": ID, "episode_id": ID, "provider_id": ID, "requested_at": NUMBER},
    "session_fact": {"appointment_id": ID, "client_id": ID, "request_id": ID, "provider_id": ID, "kind": TEXT, "held_on": DAY},
    "outcome_fact": {
        "episode_id": ID, "client_id": ID, "elevated": YES_NO, "improved": YES_NO, "deteriorated": YES_NO, "recovered": YES_NO,
        "baseline_ids": TEXT, "follow_up_ids": TEXT,
    },
    "score_fact": {"response_id": ID, "client_id": ID, "instrument": TEXT, "total": NUMBER},
    "asked_fact": {
        "asked_id": ID, "client_id": ID, "episode_id": ID, "programme": TEXT, "asked_at": NUMBER, "answered_at": NUMBER, "score": NUMBER,
    },
    "closing": {"family": TEXT, "month": TEXT},
    "unit_bin": {"family": TEXT, "client_id": ID, "year": NUMBER, "month": TEXT, **WHOSE, "dimension": TEXT, **COUNTED},
    "rollup": {"family": TEXT, "dimension": TEXT, "month": TEXT, **WHOSE, **COUNTED, "n": NUMBER},
}  # fmt: skip
"""What is handed over, and the types that DuckDB reads it as."""

WRITTEN = {
    **{column: f"{_moment(column)} as {column}" for column in ("sought_at", "withdrawn_at", "requested_at", "asked_at", "answered_at")},
    **{column: f"array_to_string({column}, ' ') as {column}" for column in ("baseline_ids", "follow_up_ids")},
}
UNIT_BINS = """(
select u.*, d.key as dimension, d.value ->> 0 as kind, (d.value ->> 1)::int as a, (d.value ->> 2)::int as b
  from unit u, jsonb_each(u.bins) d) unit_bin"""


class Difference(BaseModel):
    """`ours` is what the rollup says, `theirs` what was counted from `counted_from`."""

    model_config = ConfigDict(frozen=True)

    counted_from: str
    family: str
    dimension: str
    month: str
    kind: str
    a: int
    b: int
    ours: int
    theirs: int


class Verification(BaseModel):
    """`rows`: how many rows of the rollup were looked at."""

    model_config = ConfigDict(frozen=True)

    rows: int
    differences: Sequence[Difference]


async def verify(db: Database) -> Verification:
    """Of one moment, at which everybody is counted. Events go on being applied meanwhile."""
    with tempfile.TemporaryDirectory(prefix="second_count_") as name:
        folder = Path(name)
        async with all_counted(db) as tx:
            await _hand_over(tx, folder)
        return await asyncio.to_thread(_count_again, folder)


async def _hand_over(tx: Connection, folder: Path) -> None:
    for table, columns in TABLES.items():
        wanted = ", ".join(WRITTEN.get(column, column) for column in columns)
        source = UNIT_BINS if table == "unit_bin" else table
        await tx.copy_from_query(f"select {wanted} from {source}", output=folder / f"{table}.csv", format="csv", timeout=600)
    with (folder / "holiday.csv").open("w", newline="") as file:
        csv.writer(file).writerows([day.isoformat()] for day in sorted(federal().closed))


def _count_again(folder: Path) -> Verification:
    import duckdb  # large, and of use once a night

    with duckdb.connect(":memory:", config={"temp_directory": str(folder / "spilled"), "autoinstall_known_extensions": "false"}) as engine:
        for table, columns in {**TABLES, "holiday": {"day": DAY}}.items():
            file = folder / f"{table}.csv"
            engine.read_csv(str(file), header=False, columns=dict(columns), auto_detect=False).create(table)
        engine.execute(STATEMENTS.read_text(encoding="utf-8"))
        names = list(Difference.model_fields)
        found = engine.execute(f"select {', '.join(names)} from difference order by all").fetchall()
        counted = engine.execute("select count(*) from rollup").fetchone()
    assert counted is not None
    return Verification(rows=counted[0], differences=[Difference(**dict(zip(names, row, strict=True))) for row in found])
