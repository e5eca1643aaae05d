"""The versions of schedules in force: shipped with the service, or put by operations. Known to a process, and read again when there are
more of them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.dialects import postgresql as pg

from assessments.schedules.rules import CLOSING, Schedule
from assessments.schedules.tables import assessment_schedule
from common.db import Database
from common.deadlines.policies import Policies, Policy

SHIPPED = Path(__file__).parent / "shipped"
READ = "select body::text from assessment_schedule order by code, version"


class Versions:
    """For the life of the process. `policies` is what the sweep looks deadlines' steps up in."""

    def __init__(self, others: Policies) -> None:
        self.policies: dict[tuple[str, int], Policy] = {**others, (CLOSING.code, CLOSING.version): CLOSING}
        self.newest: dict[str, Schedule] = {}
        self._count = 0

    async def refresh(self, db: Database) -> None:
        count = await db.pool.fetchval("select count(*) from assessment_schedule")
        if count != self._count:
            for row in await db.pool.fetch(READ):
                schedule = Schedule.model_validate_json(row["body"])
                self.policies[schedule.code, schedule.version] = schedule.policy
                self.newest[schedule.code] = schedule
            self._count = count


def shipped() -> Sequence[Schedule]:
    """Raises ValueError for a file that holds no schedule, or not the one that its name says."""
    found = []
    for file in sorted(SHIPPED.glob("*.json")):
        try:
            schedule = Schedule.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise ValueError(f"{file.name}: {error}") from error
        if file.name != f"{schedule.code}.v{schedule.version}.json":
            raise ValueError(f"{file.name} holds {schedule.code} version {schedule.version}")
        found.append(schedule)
    return found


async def ship(db: Database, now: datetime) -> None:
    """A version that is there already stays as it is."""
    rows = [{"code": s.code, "version": s.version, "body": s.model_dump(mode="json"), "recorded_at": now} for s in shipped()]
    async with db.begin() as tx:
        await tx.execute(pg.insert(assessment_schedule).values(rows).on_conflict_do_nothing())
