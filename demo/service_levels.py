"""The act in which the months that were loaded are over: each deadline is judged by when things happened, not by when they were told."""

from collections import defaultdict
from datetime import UTC, datetime

import asyncpg

from common.auth import Role
from common.contracts.scheduling import DeadlineMet, DeadlineMissed
from demo.calling import until
from demo.clock import move_clock
from demo.play import Play
from demo.system import OPERATIONS

PATIENCE = 60.0
WORDS = {
    "S6": "visits whose outcome was recorded by the next day",
    "S7": "requests answered within 24 hours",
    "S8": "consultations scheduled within 5 days",
    "S9": "first sessions within 5 business days of seeking care",
    "S11": "others offered before the fourth day ended",
}
DUE = "select count(*) from deadline where state = 'open' and next_fire_at <= $1"
JUDGED = "select payload::json ->> 'rule' as rule, type, count(*) from journal where type = any($1::text[]) group by 1, 2"


async def judge(play: Play) -> None:
    """S7, S8, S9, S11."""
    tell, now = play.tell, datetime.now(UTC)
    tell.act("The deadlines of these months are judged")
    tell.say("While the months were loaded the scheduling service's clock stood at their beginning. Now it tells today's time.")
    db = await asyncpg.connect(play.system.database("scheduling"))
    try:
        due = await db.fetchval(DUE, now)
        await move_clock(play.caller(Role.OPERATIONS, OPERATIONS), now)
        fired = await until(lambda: _none_due(db, now), PATIENCE)
        rows = await db.fetch(JUDGED, [DeadlineMet.type, DeadlineMissed.type])
    finally:
        await db.close()
    judged: dict[str, dict[str, int]] = defaultdict(lambda: {"met": 0, "missed": 0})
    for rule, kind, count in rows:
        judged[rule]["met" if kind == DeadlineMet.type else "missed"] = count
    columns = ("rule", "met", "missed", "share")
    lines = [(f"{rule}  {WORDS[rule]}", j["met"], j["missed"], f"{_share(j):.0%}") for rule, j in sorted(judged.items())]
    tell.table(columns, lines, right=(1, 2, 3))
    play.summary["deadlines"] = {rule: dict(j) for rule, j in sorted(judged.items())}
    play.check(fired and due > 0, f"What was still open was fired at once: reminders, escalations, offers of other providers ({due} due).")


async def _none_due(db: "asyncpg.Connection[asyncpg.Record]", now: datetime) -> bool:
    return int(await db.fetchval(DUE, now)) == 0


def _share(judged: dict[str, int]) -> float:
    return judged["met"] / max(judged["met"] + judged["missed"], 1)
