"""The assessments service on the run's simulated time, looking around more often than in real life: hours pass within a second here.

`BROKEN_SENDING` names a guard that is taken away, for the checker to be seen to go red:

- `recheck`: whether it is still to be sent is not asked at the moment of sending, and planning is slow.
- `once`: what was sent is planned again, and a step that was taken is taken again.
- `identity`: an assignment has another id each time that it is planned.
- `marks`: every third client whose appointments change is not planned anew.
- `slow`: none. Planning is slow only: what was moved or called off meanwhile is seen at the moment of sending.
- `nothing`: the service is whole.

Run as `python -m tests.simulation.instance`.
"""

import asyncio
import os
from collections.abc import Callable, Collection, Mapping
from typing import Any
from uuid import UUID, uuid4

from assessments.assignments import changes, marking, planning, sending
from assessments.assignments.rules import AssignmentState
from assessments.care import handlers
from common.deadlines import rules as deadlines
from common.deadlines.firing import Sweep
from common.notices import delivery
from tests.simulation.clock import SHARED, follow

BROKEN = "BROKEN_SENDING"
LOOK_EVERY = 0.15
PLANNING_SECONDS = 0.3


def hurry() -> None:
    planning.LOOK_EVERY = delivery.LOOK_EVERY = LOOK_EVERY
    assert Sweep.__init__.__kwdefaults__ is not None
    Sweep.__init__.__kwdefaults__["poll"] = LOOK_EVERY


def slowly() -> None:
    plan_some = planning.plan_some

    async def plan_later(*arguments: Any) -> int:
        await asyncio.sleep(PLANNING_SECONDS)
        return await plan_some(*arguments)

    planning.plan_some = plan_later


def without_recheck() -> None:
    slowly()

    def judged(queued: Any, _facts: Any, _schedule: Any, now: Any) -> Any:
        return queued.model_copy(update={"state": AssignmentState.SENT, "sent_at": now})

    sending._judged = judged


def without_once() -> None:
    planned = changes._planned

    def anew(schedule: Any, episode: Any, facts: Any, before: Any, now: Any) -> Any:
        sent = before is not None and before.state is AssignmentState.SENT
        return planned(schedule, episode, facts, None if sent else before, now) or before

    changes._planned = anew
    deadlines.inherited = lambda *_: []


def without_identity() -> None:
    changes.assignment_id_of = lambda *_: uuid4()


def without_marks() -> None:
    async def forgetful(tx: Any, client_ids: Collection[UUID]) -> None:
        await marking.mark(tx, [client_id for client_id in client_ids if client_id.int % 3])

    handlers.mark = forgetful  # type: ignore[attr-defined]


BREAK: Mapping[str, Callable[[], None]] = {
    "recheck": without_recheck,
    "once": without_once,
    "identity": without_identity,
    "marks": without_marks,
    "slow": slowly,
    "nothing": lambda: None,
}

if __name__ == "__main__":
    follow(os.environ[SHARED])
    hurry()
    BREAK[os.environ.get(BROKEN, "nothing")]()
    from assessments.app import main

    main()
