"""Each rule is switched off in turn: then some attack wins, and with the rule it does not."""

from collections.abc import Callable

import pytest

from reporting.release_ledger.cells import Policy
from tests.attacks.breach import Found
from tests.attacks.mutations import CASES
from tests.attacks.publishing import Published


@pytest.mark.parametrize(("rule", "publish_", "attack"), CASES, ids=[rule for rule, _, _ in CASES])
def test_without_the_rule_the_attack_wins(rule: str, publish_: Callable[[Policy], Published], attack: Callable[[Published], Found]) -> None:
    cheap = frozenset() if rule == "D6" else frozenset({"D6"})
    assert not attack(publish_(Policy(off=cheap))).breaches, f"with {rule} it should not"
    assert attack(publish_(Policy(off=cheap | {rule}))).breaches
