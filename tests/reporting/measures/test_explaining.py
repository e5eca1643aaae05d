"""Why a cell was withheld, for the privacy officer."""

import pytest

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Cell, Policy, Reason, Scope, ScopeKind
from reporting.release_ledger.explaining import explain

CELL = Cell("care_sought", Scope(ScopeKind.EMPLOYER, "e-1"), "2026-Q1", "time_to_consultation.business_days", "within/day_1+day_2")


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("scope", ScopeKind)
def test_D2_each_reason_is_the_rule_and_an_example(reason: Reason, scope: ScopeKind) -> None:
    what, rule, example = explain(Cell("asked", Scope(scope), "2026"), reason)
    assert what.startswith("Satisfaction, 2026, ") and what.endswith(": everybody in it.")
    assert rule[0] == "D" and rule.endswith(".") and "{" not in rule
    assert example.endswith(".") and example != rule


def test_D2_it_says_which_groups_of_whom_in_which_period() -> None:
    assert explain(CELL, Reason.SMALL)[0] == (
        "Speed to care, 2026-Q1, the employer's people (e-1): “Same or next business day” and “2nd business day” of “Time until the first "
        "consultation, in business days”."
    )


def test_D1_a_contract_with_a_higher_threshold_is_explained_with_it() -> None:
    assert "fewer than 20 clients" in explain(CELL, Reason.SMALL, Policy(threshold=20))[1]


def test_every_group_of_the_catalogue_can_be_explained() -> None:
    for family in FAMILIES.values():
        for breakdown in family.breakdowns:
            for path in breakdown.places:
                cell = Cell(family.code, Scope(ScopeKind.NETWORK), "2026", breakdown.name if path else "", "/".join(path))
                assert len(explain(cell, Reason.DERIVABLE)) == 3
