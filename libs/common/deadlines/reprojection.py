"""After a calendar was changed: open deadlines follow, the most urgent first. Judged ones keep the version that they were judged by."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from common.deadlines import rules
from common.deadlines.calendar_versions import newest_calendar
from common.deadlines.deadline import Deadline
from common.deadlines.policies import Policy, parse_policy
from common.deadlines.statements import OUTDATED, Note, save, to_deadline

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
    after = [rules.reproject(old, policies[old.policy_code, old.policy_version], calendar) for old in before]
    if after:
        reason = f"calendar {code} version {calendar.version}"
        moved = [(a, b) for a, b in zip(before, after, strict=True) if (a.due_at, a.next_fire_at) != (b.due_at, b.next_fire_at)]
        await save(tx, after, [Note("reprojected", old, new, now, reason) for old, new in moved], now)
    return len(after)


async def _policies(tx: AsyncConnection, deadlines: list[Deadline]) -> dict[tuple[str, int], Policy]:
    wanted = sorted({(deadline.policy_code, deadline.policy_version) for deadline in deadlines})
    rows = await tx.exec_driver_sql(POLICIES, ([code for code, _ in wanted], [version for _, version in wanted]))
    return {(row.code, row.version): parse_policy(row.body) for row in rows}
