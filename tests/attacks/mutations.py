"""Which attack wins once a rule is switched off, and on which programme."""

from collections.abc import Callable
from dataclasses import replace

from reporting.release_ledger.cells import Policy
from tests.attacks import handmade
from tests.attacks.breach import Found
from tests.attacks.changes import t8
from tests.attacks.insiders import t9
from tests.attacks.percentages import t7
from tests.attacks.programme import programme
from tests.attacks.publishing import MONTHS, Published, publish
from tests.attacks.row_space import t1
from tests.attacks.subtraction import less_than_eligible, read, t4, t5

SMALL = programme(1, 40)
SMALLER = programme(1, 12)


def simulated(policy: Policy) -> Published:
    return publish(policy, SMALL, ["asked"], MONTHS[:12])


def few(policy: Policy) -> Published:
    """Without the linear test, which stands before the audit and leaves it little to find: the audit alone has to do."""
    return publish(replace(policy, off=policy.off | {"D5"}), SMALLER, ["asked"], MONTHS[:12])


def insiders(published: Published) -> Found:
    return t9(published, "asked", "2025", "recommendation", sample=0)


def calculations(published: Published) -> Found:
    return t1(published, ["asked"])


CASES: list[tuple[str, Callable[[Policy], Published], Callable[[Published], Found]]] = [
    ("D1", simulated, read),
    ("D3", handmade.uniform, t7),
    ("D4", simulated, t4),
    ("D5", simulated, calculations),
    ("D6", few, t5),
    ("D7", simulated, t8),
    ("D8", simulated, calculations),
    ("D10", handmade.dominant, insiders),
    ("D12", handmade.nearly_everybody, less_than_eligible),
]
