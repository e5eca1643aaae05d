"""The reports: what the health plan and each employer are told of all clients, and what nobody is (R1 to R3, R6)."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from common.auth import Role
from demo.calling import Caller, succeeded
from demo.loading import caught_up
from demo.play import Play
from demo.system import OPERATIONS

ELIGIBLE = 9_000
"""Assumed of each employer: large enough for reports by quarter and month (D12)."""
CLOSED_AFTER = timedelta(days=300)
"""From the programme's beginning. By then every month of the sample programme is closed, also those of the outcomes."""
COUNTED = "select count(distinct client_id) from unit where family = 'care_sought' and client_id = any($1::uuid[])"
HEADLINES = (
    "clients_seeking_care",
    "time_to_first_session_within_5_business_days",
    "time_to_first_session_median_business_days",
    "net_promoter_score",
    "follow_up_answered",
    "recovery",
)


@dataclass(frozen=True)
class Reader:
    """Who reads a report, and where it is."""

    name: str
    caller: Caller
    path: str


async def report(play: Play) -> None:
    tell, operations = play.tell, play.caller(Role.OPERATIONS, OPERATIONS)
    tell.act("The health plan and the employers get their reports")
    tell.say(
        "Aggregates are about everybody, also those who share nothing (R6). Every number passes the release ledger: at least 11 people,\n"
        "and nothing about fewer may follow from all that was ever released to anybody. What left never changes."
    )
    await caught_up(play.system, play.http, "reporting")
    again = await operations.post("reporting", "/v1/rollups/second-count")
    play.check(again["agrees"], "The counts agree with a second count of the same facts by another engine (DuckDB), to the last one.")
    if (await operations.get("reporting", "/v1/releases"))["items"]:
        tell.say("An earlier demo on this stack has closed these months: what is closed stays as it is. A new stack shows the reports.")
        return
    released = await _release(play, operations)
    reader = _plan(play)
    period = await _fullest(reader)
    plan = await _take(play, reader, period)
    await _everybody_is_in(play)
    employer = max(play.programme.employers, key=lambda e: sum(c.employer_id == e.employer_id for c in play.programme.clients))
    own = Reader(employer.name, play.caller(Role.EMPLOYER, employer.employer_id), f"/v1/employers/{employer.employer_id}/reports")
    theirs = await _take(play, own, period)
    _compare(play, plan, theirs, own.name, period)
    await _explain(play, own, theirs, period)
    await _only_its_own(play, own, period)
    play.summary["reports"] = {"releases": len(released), "shown": sum(r["shown"] for r in released)}


def _plan(play: Play) -> Reader:
    return Reader(play.programme.plan_name, play.plan, f"/v1/plans/{play.programme.plan_id}/reports")


async def _release(play: Play, operations: Caller) -> list[dict[str, Any]]:
    p = play.programme
    now = p.begins_at + CLOSED_AFTER
    for employer in p.employers:
        for year in {p.begins_at.year, now.year}:
            await operations.put("reporting", f"/v1/populations/{employer.employer_id}/{year}", {"eligible": ELIGIBLE})
    released: list[dict[str, Any]] = (await operations.post("reporting", "/v1/releases", now=now))["items"]
    rows = [
        (r["family"], r["month"], r["shown"], r["withheld"], f"{r['linear_ms']:.0f}", f"{r['audit_ms']:.0f}", r["audited"])
        for r in released
    ]
    play.tell.table(("population", "month", "shown", "withheld", "linear test ms", "integer audit ms", "looked at"), rows, (2, 3, 4, 5, 6))
    play.check(bool(released), f"{len(released)} months closed and released, each after the linear test and the integer audit.")
    return released


async def _fullest(reader: Reader) -> str:
    """The quarter that most people are in."""
    listed = [item["period"] for item in (await reader.caller.get("reporting", reader.path))["items"]]
    counts = {period: await _people(reader, period) for period in listed if "Q" in period}
    return str(max(counts, key=lambda period: counts[period]))


async def _people(reader: Reader, period: str) -> int:
    report = await reader.caller.get("reporting", f"{reader.path}/{period}")
    return int(measures(report)["clients_seeking_care"]["n"] or 0)


def measures(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Each measure's value, with its title, by its code."""
    return {m["code"]: {**m["value"], "title": m["title"]} for family in report["families"] for m in family["measures"]}


async def _take(play: Play, reader: Reader, period: str) -> dict[str, dict[str, Any]]:
    """In every form that it has, as files."""
    folder = play.out / "reports"
    folder.mkdir(exist_ok=True)
    name = f"{reader.path.split('/')[2][:-1]}-{period}"
    report = await reader.caller.get("reporting", f"{reader.path}/{period}")
    for form in ("json", "csv", "pdf"):
        answer = succeeded(await reader.caller.send("GET", "reporting", f"{reader.path}/{period}", query={"format": form}))
        _write(folder / f"{name}.{form}", answer.content)
    _write(folder / f"{name}.html", await _page(play, reader, period))
    play.tell.say(f"  → {folder / name}.json, .csv, .pdf and .html")
    return measures(report)


async def _page(play: Play, reader: Reader, period: str) -> bytes:
    """As a browser gets it: the portal opens a session, a link alone opens nothing."""
    bearer = await play.system.bearer(reader.caller.role, reader.caller.id)
    url = play.system.url("reporting")
    token = bearer["authorization"].removeprefix("Bearer ")
    opened = await play.http.post(f"{url}/reports/session", data={"access_token": token})
    cookie = {"cookie": f"session={opened.cookies['session']}"}
    return succeeded(await play.http.get(f"{url}/reports/all/{period}", headers=cookie)).content


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


async def _everybody_is_in(play: Play) -> None:
    """R6. Whether the plan may see the sum depends on everything else that was released; the counts themselves are looked at here."""
    declined = [client.client_id for client in play.programme.clients if not client.opts_in]
    connection = await asyncpg.connect(play.system.database("reporting"))
    try:
        counted = await connection.fetchval(COUNTED, declined)
    finally:
        await connection.close()
    play.check(counted == len(declined), f"All {counted} who declined to share are counted, like everybody else (R6).")


def _compare(play: Play, plan: dict[str, Any], own: dict[str, Any], name: str, period: str) -> None:
    rows = [(plan[code]["title"], _said(plan[code]), _said(own[code])) for code in HEADLINES]
    play.tell.table((f"{period}", "health plan", name), rows)


def _said(value: dict[str, Any]) -> str:
    if value["shown"] == "withheld":
        return "not shown"
    if value["shown"] == "words":
        return str(value["words"])
    figure = value["value"] if value["value"] is not None else value["n"]
    return f"{figure:g}" + (f" ({value['low']:g} to {value['high']:g})" if value["low"] is not None else "")


async def _explain(play: Play, reader: Reader, report: dict[str, Any], period: str) -> None:
    hidden = next((code for code, value in report.items() if value["shown"] == "withheld"), None)
    if not play.check(hidden is not None, "Something is withheld: small numbers are somebody's."):
        return
    told = await reader.caller.get("reporting", f"{reader.path}/{period}/explanation", measure=str(hidden))
    play.tell.say(f"Why is “{report[str(hidden)]['title']}” not shown? What the employer is told:")
    for sentence in told["sentences"]:
        play.tell.say(f"  · {sentence}")


async def _only_its_own(play: Play, reader: Reader, period: str) -> None:
    other = next(e for e in play.programme.employers if e.employer_id != reader.caller.id)
    refused = await reader.caller.send("GET", "reporting", f"/v1/employers/{other.employer_id}/reports/{period}")
    play.check(refused.status_code == 404, "Another employer's report is not there for it (R3).")
