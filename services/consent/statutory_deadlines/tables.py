"""What is open, by when: for whoever has to see to it."""

from dataclasses import dataclass
from datetime import datetime

from common.db import Connection

OPEN = """
select policy_code, count(*)::int as open, (count(*) filter (where due_at < $1))::int as overdue, min(due_at) as next_due
  from deadline where closed_at is null group by policy_code"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one policy: how many cases are open, how many of them late, and when the first is due."""

    policy_code: str
    open: int
    overdue: int
    next_due: datetime | None


async def standing(tx: Connection, now: datetime) -> dict[str, Standing]:
    """By policy."""
    return {row["policy_code"]: Standing(**row) for row in await tx.fetch(OPEN, now)}
