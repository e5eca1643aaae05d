"""The release ledger's rules, each with a population made by hand in which the rule is what stops the leak."""

from collections.abc import Iterable, Sequence
from itertools import product
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from reporting.measures.families import Family
from reporting.release_ledger.audit import Table, wide
from reporting.release_ledger.cells import Cell, Counted, Decided, Policy, Population, Reason, Scope, ScopeKind
from reporting.release_ledger.contributors import enough_employers, enough_providers
from reporting.release_ledger.deciding import decide
from reporting.release_ledger.linear import Span, Verdict
from reporting.release_ledger.merging import left_out, parted, too_small
from reporting.release_ledger.own_numbers import isolates

PLAN = UUID(int=1)
FAMILY = Family.model_validate(
    {
        "code": "care",
        "version": 1,
        "title": "Care",
        "definition": "",
        "cohort": "",
        "closes_after_days": 30,
        "dimensions": {"waiting": ["reached"]},
        "breakdowns": [
            {
                "name": "waiting",
                "title": "Waiting",
                "dimension": "waiting",
                "monthly": True,
                "groups": [
                    {"name": name, "title": name, "where": [{"of": "b", "low": at, "high": at}]}
                    for at, name in enumerate(("early", "later", "never"))
                ],
            }
        ],
        "measures": [{"code": "clients", "version": 1, "title": "", "definition": "", "denominator": "", "statistic": "count"}],
    }
)


def rows(employer: int, month: str, *groups: int, providers: int = 4) -> list[Counted]:
    """So many clients in each group, dealt to the providers in turn."""
    found = []
    for b, n in enumerate(groups):
        for at in range(providers):
            some = n // providers + (at < n % providers)
            if some:
                who = UUID(int=900 + at)
                found.append(Counted("care", "waiting", PLAN, UUID(int=employer), Programme.EWS, month, who, "reached", 0, b, some))
    return found


def people(*employers: int, eligible: int = 5000) -> Population:
    return Population({(UUID(int=employer), 2026): eligible for employer in employers})


def shown(decided: Iterable[Decided]) -> dict[tuple[str, str, str], int]:
    return {(one.cell.scope.kind.value, one.cell.period, one.cell.group): one.n for one in decided if one.n is not None}


def one_month(policy: Policy, counted: Sequence[Counted], month: str = "2026-01") -> dict[tuple[str, str, str], int]:
    return shown(decide(policy, FAMILY, month, counted, people(), ()).decided)


def four(*groups: int) -> list[Counted]:
    """A month of four employers of the same size."""
    return [row for employer in range(10, 14) for row in rows(employer, "2026-01", *groups)]


def test_D1_a_cell_of_ten_is_withheld_and_one_of_eleven_is_not() -> None:
    assert too_small(Policy(), 10) and too_small(Policy(), 0) and not too_small(Policy(), 11)
    assert not too_small(Policy(off=frozenset({"D1"})), 1)


def test_D1_a_month_of_ten_clients_is_not_shown() -> None:
    counted = [row for employer in range(10, 15) for row in rows(employer, "2026-01", 2)]
    assert one_month(Policy(), counted) == {}
    assert ("plan", "2026-01", "") in one_month(Policy(off=frozenset({"D1", "D10", "D5", "D6"})), counted)


def test_D3_a_part_that_is_everybody_is_not_shown() -> None:
    assert left_out(Policy(), 30, 30) is Reason.COMPLEMENT
    assert not any(group for _, _, group in one_month(Policy(), four(10)))
    assert one_month(Policy(off=frozenset({"D3"})), four(10))["plan", "2026-01", "early"] == 40


def test_D4_what_a_part_leaves_out_is_not_small() -> None:
    assert parted(Policy(), [40, 5]) == []
    assert parted(Policy(), [40, 5, 6]) == [[0], [1, 2]]
    assert parted(Policy(off=frozenset({"D4"})), [40, 5]) == [[0], [1]]


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6))
def test_D4_neighbours_are_merged_until_none_is_small(counts: list[int]) -> None:
    parts = parted(Policy(), counts)
    assert all(sum(counts[at] for at in part) >= 11 for part in parts)
    assert not parts or [at for part in parts for at in part] == list(range(len(counts)))
    assert len(parts) != 1


def test_D5_the_last_number_that_would_make_a_small_one_calculable_is_refused() -> None:
    span = Span(4)
    span.protect_row({3: 1})
    assert span.offer({1: 1, 2: 1, 3: 1}) is Verdict.INDEPENDENT
    assert span.offer({1: 1}) is Verdict.INDEPENDENT
    assert span.offer({2: 1}) is Verdict.REVEALS
    assert span.offer({2: 1, 3: 1}) is Verdict.IMPLIED


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=1, max_size=12), st.sets(st.integers(0, 7), min_size=1))
def test_D5_nothing_protected_is_in_the_span_of_the_released(offered: list[set[int]], protected: set[int]) -> None:
    import numpy

    span, released = Span(8), []
    span.protect_row(dict.fromkeys(protected, 1))
    for cell in offered:
        if span.offer(dict.fromkeys(cell, 1)) is not Verdict.REVEALS:
            released.append([int(at in cell) for at in range(8)])
    before = numpy.linalg.matrix_rank(numpy.array(released)) if released else 0
    assert numpy.linalg.matrix_rank(numpy.array([*released, [int(at in protected) for at in range(8)]])) == before + 1


def test_D6_a_number_that_can_be_only_one_of_two_is_narrow() -> None:
    assert not wide(Table({0: 1, 1: 0}, [{0: 1, 1: 1}], []), frozenset({0}), 3)
    assert wide(Table({0: 5, 1: 20}, [{0: 1, 1: 1}], []), frozenset({0}), 3)


def test_D6_the_programme_finds_steps_of_two() -> None:
    counts = {0: 6, 1: 9, 2: 9}
    assert wide(Table(counts, [{0: 1, 1: 1, 2: 1}, {0: 1, 2: -1}], []), frozenset({1}), 3)


def test_D7_a_closed_period_is_never_decided_again() -> None:
    first = decide(Policy(), FAMILY, "2026-01", four(5, 5), people(), ()).decided
    assert first and decide(Policy(), FAMILY, "2026-01", four(5, 6), people(), first).decided == []
    again = decide(Policy(off=frozenset({"D7"})), FAMILY, "2026-01", four(5, 6), people(), first).decided
    assert shown(again)["plan", "2026-01", ""] == 44


def test_D8_only_calendar_periods_are_offered() -> None:
    assert all("YTD" not in period for _, period, _ in one_month(Policy(), four(5, 5)))
    found = decide(Policy(off=frozenset({"D8"})), FAMILY, "2026-01", four(5, 5), people(), ()).decided
    assert any("YTD" in one.cell.period for one in found)


def test_D10_three_providers_and_none_with_more_than_four_fifths() -> None:
    two = {UUID(int=1): 10, UUID(int=2): 10}
    assert not enough_providers(Policy(), 20, two, part=False)
    assert enough_providers(Policy(), 24, {**two, UUID(int=3): 4}, part=False)
    assert not enough_providers(Policy(), 20, {UUID(int=1): 17, UUID(int=2): 1, UUID(int=3): 2}, part=False)


def test_D10_a_part_in_which_most_have_no_provider_passes_and_a_total_does_not() -> None:
    one = {UUID(int=1): 3}
    assert enough_providers(Policy(), 20, one, part=True) and not enough_providers(Policy(), 20, one, part=False)


def test_D10_two_employers_together_still_face_eleven_clients_of_others() -> None:
    assert enough_employers(Policy(), 33, {UUID(int=1): 11, UUID(int=2): 11, UUID(int=3): 11})
    assert not enough_employers(Policy(), 30, {UUID(int=1): 10, UUID(int=2): 10, UUID(int=3): 10})


def test_D10_whoever_knows_its_own_number_is_not_left_alone_with_one_other() -> None:
    assert isolates(Policy(), {UUID(int=1): 20, UUID(int=2): 5})
    assert not isolates(Policy(), {})
    assert not isolates(Policy(), {UUID(int=at): 6 for at in range(5)})


def test_D12_an_employer_below_the_floor_has_no_report_of_its_own() -> None:
    months = [f"2026-{month:02}" for month in range(1, 13)]
    counted = [row for employer in range(10, 16) for month in months for row in rows(employer, month, 3, 3)]
    population = Population({(UUID(int=at), 2026): 49 if at < 13 else 60 for at in range(10, 16)})
    found = decide(Policy(), FAMILY, "2026-12", counted, population, ()).decided
    own = {one.cell.scope.id for one in found if one.cell.scope.kind is ScopeKind.EMPLOYER and one.released}
    assert own <= {str(UUID(int=at)) for at in range(13, 16)}
    small = Cell("care", Scope(ScopeKind.EMPLOYER, str(UUID(int=10))), "2026")
    assert next(one for one in found if one.cell == small).reason is Reason.GATE


POPULATIONS = st.lists(st.integers(0, 9), min_size=36, max_size=36)


def population_of(numbers: list[int]) -> list[Counted]:
    """Four employers, three months, three groups."""
    found = []
    for (employer, month), at in zip(product(range(10, 14), (1, 2, 3)), range(0, 36, 3), strict=True):
        found += rows(employer, f"2026-{month:02}", *numbers[at : at + 3])
    return found


@settings(max_examples=25, deadline=None)
@given(POPULATIONS, st.randoms(use_true_random=False))
def test_D5_whatever_the_counts_no_small_atom_is_calculable(numbers: list[int], chance: Random) -> None:
    import numpy

    counted, past = population_of(numbers), list[Decided]()
    policy = Policy(off=frozenset({"D6"}))
    for month in ("2026-01", "2026-02", "2026-03"):
        past += decide(policy, FAMILY, month, [row for row in counted if row.month <= month], people(10, 11, 12, 13), past).decided
    atoms = sorted({(row.employer_id, row.month, row.b) for row in counted})
    size = {atom: sum(row.n for row in counted if (row.employer_id, row.month, row.b) == atom) for atom in atoms}
    matrix = [[int(_holds(one.cell, atom)) for atom in atoms] for one in past if one.released]
    rank = numpy.linalg.matrix_rank(numpy.array(matrix)) if matrix and atoms else 0
    for at, atom in enumerate(atoms):
        if 0 < size[atom] <= 10 and matrix:
            unit = [int(at == other) for other in range(len(atoms))]
            assert numpy.linalg.matrix_rank(numpy.array([*matrix, unit])) == rank + 1


@settings(max_examples=10, deadline=None)
@given(POPULATIONS, st.randoms(use_true_random=False))
def test_D9_the_order_of_the_counts_decides_nothing(numbers: list[int], chance: Random) -> None:
    counted = population_of(numbers)
    mixed = counted[:]
    chance.shuffle(mixed)
    first, second = (decide(Policy(), FAMILY, "2026-03", some, people(10, 11, 12, 13), ()).decided for some in (counted, mixed))
    assert list(first) == list(second)


def _holds(cell: Cell, atom: tuple[UUID, str, int]) -> bool:
    employer, month, b = atom
    name = ("early", "later", "never")[b]
    if cell.scope.kind is ScopeKind.EMPLOYER and cell.scope.id != str(employer):
        return False
    if cell.scope.kind is ScopeKind.SMALLER_EMPLOYERS:
        return False
    if "Q" not in cell.period and cell.period != month:
        return False
    return not cell.group or name in cell.group.split("+")


@pytest.mark.parametrize("rule", ["D3", "D4", "D5", "D6", "D7", "D8", "D10", "D12"])
def test_a_rule_that_is_switched_off_changes_what_is_offered_or_shown_but_never_breaks(rule: str) -> None:
    counted = population_of([7, 2, 0] * 12)
    assert decide(Policy(off=frozenset({rule})), FAMILY, "2026-03", counted, people(10, 11), ()).decided
