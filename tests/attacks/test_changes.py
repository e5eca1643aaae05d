"""T6, T7, T8, T9 and T12: employers that change, late and erased data, figures that are shown, insiders, one client more."""

import pytest

from reporting.release_ledger.cells import Policy
from tests.attacks.changes import less_one, t6, t8, t12
from tests.attacks.insiders import t9
from tests.attacks.percentages import score_between, share_between, t7
from tests.attacks.programme import Programmes, programme
from tests.attacks.publishing import MONTHS, Published, publish

LINEAR = Policy(off=frozenset({"D6"}))
FAMILY, DIMENSION = "asked", "recommendation"


@pytest.fixture(scope="module", params=[1, 2, 3])
def simulated(request: pytest.FixtureRequest) -> Programmes:
    return programme(request.param, 40)


@pytest.fixture(scope="module")
def published(simulated: Programmes) -> Published:
    return publish(LINEAR, simulated, [FAMILY])


def test_T6_who_came_under_another_label_cannot_be_told_apart(published: Published, simulated: Programmes) -> None:
    found = [t6(published, simulated, FAMILY, year, DIMENSION) for year in ("2025", "2026")]
    assert sum(part.examined for part in found) > 20
    assert not [breach for part in found for breach in part.breaches]


def test_T7_no_small_count_follows_from_a_shown_figure(published: Published) -> None:
    found = t7(published)
    assert found.examined > 100
    assert not found.breaches, found.breaches[:3]


def test_T7_the_attack_reads_a_share_and_a_score() -> None:
    assert share_between(8.3, 24) == (2, 2)
    assert score_between(90, 20)[2] == (0, 1)


def test_T8_late_corrected_and_erased_data_change_no_published_number(published: Published, simulated: Programmes) -> None:
    assert any(unit.month != unit.own_month for unit in simulated.units)
    assert simulated.erased
    assert not t8(published).breaches


def test_T9_an_employer_that_knows_its_own_people_learns_of_no_others(published: Published) -> None:
    found = t9(published, FAMILY, "2025", DIMENSION, pairs=3, sample=12)
    assert found.examined > 10_000
    assert not found.breaches, found.breaches[:3]


def test_T12_one_client_more_changes_no_closed_number_and_no_small_one(published: Published, simulated: Programmes) -> None:
    month = MONTHS[7]
    found, rate = t12(published, publish(LINEAR, less_one(simulated, FAMILY, month), [FAMILY], MONTHS[:12]), FAMILY, month)
    assert found.examined > 100
    assert not found.breaches, found.breaches[:3]
    assert rate < 0.1
