"""T2 and T3 with the integer audit (D6) at work: no small number is known to within less than three."""

import numpy as np
import pytest
import scipy.sparse as sp

from reporting.release_ledger.cells import Policy
from tests.attacks.bounds import NARROWEST, Puzzle, possible, puzzle, slack, t2, t3
from tests.attacks.programme import programme
from tests.attacks.publishing import MONTHS, Published, publish

CAREFUL = Policy()


@pytest.fixture(scope="module", params=[1, 2, 3])
def published(request: pytest.FixtureRequest) -> Published:
    return publish(CAREFUL, programme(request.param, 12), ["asked"], MONTHS[:12])


@pytest.fixture(scope="module")
def found(published: Published) -> Puzzle:
    return puzzle(published, "asked", "2025", "recommendation")


def test_T2_D6_no_small_set_is_known_to_within_less_than_three(found: Puzzle) -> None:
    tried = t2(found, nearest=10, random=4)
    assert tried.examined >= 10
    assert not tried.breaches, tried.breaches[:3]


def test_T3_nor_when_a_withheld_number_is_taken_for_a_small_one(found: Puzzle, published: Published) -> None:
    tried = t3(found, published.decided, sample=8)
    assert tried.examined >= 5
    assert not [breach for breach in tried.breaches if breach.how == "exactly known"]


def test_T2_the_attack_knows_what_cannot_be_otherwise() -> None:
    sums = sp.csr_matrix(np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    real, first = np.array([1.0, 11.0, 2.0]), np.array([1.0, 0.0, 0.0])
    assert possible(sums, real, first, 3)
    assert possible(sums, real, first, -1)
    assert not possible(sums, real, first, -2)
    assert not possible(sums, real, first, 12)


def test_T2_nobody_is_ever_fewer_than_none(found: Puzzle) -> None:
    nobody = np.zeros(len(found.atoms), dtype=bool)
    assert slack(found, nobody) == 0 < NARROWEST
