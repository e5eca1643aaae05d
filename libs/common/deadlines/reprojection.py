"""After a calendar was changed: open deadlines follow, the most urgent first. Judged ones keep the version that they were judged by."""

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines import rules
from common.deadlines.calendar_versions import newest_calendar
from common.deadlines.calendars import WorkCalendar
from common.deadlines.deadline import Deadline
from common.deadlines.policies import Policy, parse_policy
from common.deadlines.statements import OUTDATED, Note, save, to_deadline
from common.problems import Problem

log = logging.getLogger(__name__)

POLICIES = """
select p.code, p.version, p.body::text
  from deadline_policy p join unnest($1::text[], $2::int[]) as c(code, version) on p.code = c.code and p.version = c.version"""


async def reproject(tx: AsyncConnection, code: str, now: datetime, limit: int) -> int:
    """How many rows of older versions were brought to the newest; call again while it is `limit`.

    The history tells of those whose interval the change touched. Rows that somebody is just changing are left for the next call.
    """
    calendar = await newest_calendar(tx, code, now)
    if calendar is None:
        return 0
    rows = await tx.exec_driver_sql(OUTDATED, (code, calendar.version, limit))
    before = [to_deadline(row) for row in rows.mappings()]
    policies = await _policies(tx, before)
    after = [_projected(old, policies[old.policy_code, old.policy_version], calendar) for old in before]
    if after:
        reason = f"calendar {code} version {calendar.version}"
        moved = [(a, b) for a, b in zip(before, after, strict=True) if (a.due_at, a.next_fire_at) != (b.due_at, b.next_fire_at)]
        await save(tx, after, [Note("reprojected", old, new, now, reason) for old, new in moved], now)
    return len(after)


def _projected(old: Deadline, policy: Policy, calendar: WorkCalendar) -> Deadline:
    """One that would end beyond the horizon keeps its moment, and is put off when that comes: it must not hold up all the others."""
    try:
        return rules.reproject(old, policy, calendar)
    except Problem as problem:
        log.error("a deadline could not be projected", extra={"deadline_id": str(old.deadline_id), "code": problem.code})
        return replace(old, calendar_version=calendar.version)


async def _policies(tx: AsyncConnection, deadlines: list[Deadline]) -> dict[tuple[str, int], Policy]:
    wanted = sorted({(deadline.policy_code, deadline.policy_version) for deadline in deadlines})
    rows = await tx.exec_driver_sql(POLICIES, ([code for code, _ in wanted], [version for _, version in wanted]))
    return {(row.code, row.version): parse_policy(row.body) for row in rows}
