"""T1, T4, T5 and T10 on 500 employers, and on three smaller programmes: nothing small can be calculated.

Two years of all families: `python -m tests.attacks`.

The integer audit (D6) is off here: it only takes numbers away, so that what holds without it holds with it.
"""

import numpy as np
import pytest

from reporting.measures.catalogue import FAMILIES
from reporting.release_ledger.cells import Policy
from tests.attacks import publishing
from tests.attacks.atoms import atoms_of, equations
from tests.attacks.cellwise import decide_cellwise
from tests.attacks.insiders import t10
from tests.attacks.programme import programme
from tests.attacks.publishing import Published, publish
from tests.attacks.row_space import TOLERANCE, by_decomposition, t1, unseen_by
from tests.attacks.sets import all_sets
from tests.attacks.subtraction import less_than_eligible, read, t4, t5

LINEAR = Policy(off=frozenset({"D6"}))


@pytest.fixture(scope="module")
def full() -> Published:
    return publish(LINEAR, programme(1), ["asked"], publishing.MONTHS[:12])


@pytest.fixture(scope="module", params=[1, 2, 3])
def small(request: pytest.FixtureRequest) -> Published:
    return publish(LINEAR, programme(request.param, 16), months=publishing.MONTHS[:12])


def test_T1_no_small_set_of_500_employers_can_be_calculated(full: Published) -> None:
    found = t1(full, ["asked"])
    assert found.examined > 100_000
    assert not found.breaches, found.breaches[:3]


def test_T1_nor_of_any_family_over_three_seeds(small: Published) -> None:
    found = t1(small)
    assert found.examined > 10_000
    assert not found.breaches, found.breaches[:3]


def test_T1_D1_no_small_number_simply_stands_there(full: Published, small: Published) -> None:
    assert not read(full).breaches
    assert not read(small).breaches


def test_T4_no_period_less_shorter_ones_leaves_a_few(full: Published, small: Published) -> None:
    found = t4(full)
    assert found.examined > 1000
    assert not found.breaches, found.breaches[:3]
    assert not t4(small).breaches


def test_T5_no_plan_or_norm_less_employers_leaves_a_few(full: Published, small: Published) -> None:
    found = t5(full)
    assert found.examined > 500
    assert not found.breaches, found.breaches[:3]
    assert not t5(small).breaches


def test_T5_D4_those_who_did_not_come_are_never_a_few(full: Published, small: Published) -> None:
    assert less_than_eligible(full).examined > 50
    assert not less_than_eligible(full).breaches
    assert not less_than_eligible(small).breaches


def test_T10_all_employers_but_one_learn_nothing_of_that_one(full: Published) -> None:
    found = t10(full, "asked", "2025", "recommendation", sample=4)
    assert found.examined > 0
    assert not found.breaches, found.breaches[:3]


def test_T1_T4_T5_win_against_numbers_that_are_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "decide", decide_cellwise)
    careless = publish(Policy(), programme(1, 30), ["asked"], publishing.MONTHS[:12])
    assert all(attack(careless).breaches for attack in (lambda seen: t1(seen, ["asked"]), t4, t5))


def test_T1_least_squares_and_singular_values_accuse_the_same_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "decide", decide_cellwise)
    careless = publish(Policy(), programme(1, 5), ["asked"], publishing.MONTHS[:3])
    atoms = atoms_of(FAMILIES["asked"], "recommendation", careless.rows["asked", "2025"], careless.population, careless.policy)
    released = careless.released("asked", "2025")
    sets = all_sets(atoms)
    distances = by_decomposition(atoms, released, sets)
    unseen = unseen_by(equations(atoms, released).matrix, len(atoms))
    places = np.ndindex(len(sets.whose), len(sets.when), len(sets.which))
    accused = [np.abs(sets.vector(atoms, place).astype(float) @ unseen).max() < TOLERANCE for place in places]
    assert 0 < sum(accused) < len(accused)
    assert ((distances < TOLERANCE) == accused).all()
