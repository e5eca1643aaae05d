"""What a contract must say, and for how long contracts cover one another (C14)."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.auth import Principal, Role
from common.contracts.vocabulary import Purpose
from common.problems import Problem
from reporting.audits.rules import Outcome, check_report, months_later, next_due
from reporting.contracts.acting import acting
from reporting.contracts.rules import REQUIRED, Contract, EndReason, Obligation, Terms, check_terms, covered_until, in_force

DAY = datetime(2026, 3, 2, tzinfo=UTC)
PURPOSE = Purpose.PERSONALISED_RECOMMENDATIONS


def at(day: int) -> datetime:
    return DAY + timedelta(days=day)


def signed(since: int, until: int, ended: int | None = None) -> Contract:
    return Contract(
        contract_id=uuid4(),
        recipient_id=UUID(int=1),
        reference="1",
        legal_name="Plan",
        address="1 Street",
        purpose=PURPOSE,
        obligations=tuple(Obligation),
        delete_within_days=10,
        breach_notice_hours=72,
        audit_right=True,
        audit_every_months=12,
        document_digest="ab" * 32,
        valid_from=at(since),
        valid_until=at(until),
        recorded_by=UUID(int=2),
        recorded_at=DAY,
        ended_at=None if ended is None else at(ended),
        end_reason=None if ended is None else EndReason.TERMINATED,
    )


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_C14_a_contract_without_an_obligation_that_is_required_is_refused(missing: Obligation) -> None:
    terms = Terms(**signed(0, 9).model_dump(include=set(Terms.model_fields)))
    check_terms(terms, DAY)
    with pytest.raises(Problem) as refused:
        check_terms(terms.model_copy(update={"obligations": tuple(o for o in Obligation if o is not missing)}), DAY)
    assert refused.value.extra["rule"] == "C14" and missing in refused.value.detail


@pytest.mark.parametrize(("since", "until"), [(5, 5), (6, 5), (-9, 0)])
def test_C14_a_contract_that_ends_before_it_begins_or_is_over_is_refused(since: int, until: int) -> None:
    with pytest.raises(Problem):
        check_terms(signed(since, until), DAY)


@pytest.mark.parametrize(
    ("contracts", "until"),
    [
        ([], 0),
        ([signed(0, 5)], 5),
        ([signed(1, 5)], 0),
        ([signed(-5, 0)], 0),
        ([signed(5, 9), signed(-3, 5)], 9),
        ([signed(0, 5), signed(6, 9)], 5),
        ([signed(0, 9), signed(2, 4), signed(9, 12)], 12),
        ([signed(0, 9, ended=3)], 3),
        ([signed(0, 9, ended=3), signed(3, 7)], 7),
        ([signed(0, 9, ended=3), signed(4, 7)], 3),
    ],
)
def test_C14_contracts_cover_one_another_only_without_a_gap(contracts: list[Contract], until: int) -> None:
    assert covered_until(DAY, contracts, PURPOSE) == at(until)


@given(st.lists(st.tuples(st.integers(-5, 15), st.integers(1, 10)), max_size=6))
def test_C14_whoever_is_covered_is_so_at_each_moment_of_it(spans: list[tuple[int, int]]) -> None:
    contracts = [signed(since, since + days) for since, days in spans]
    until = covered_until(DAY, contracts, PURPOSE)
    moments = [DAY + timedelta(hours=6 * n) for n in range(100)]
    assert all(in_force(contracts, PURPOSE, moment) for moment in moments if moment < until)
    assert in_force(contracts, PURPOSE, until) is None, "and not a moment longer than it could be"


def test_C14_the_next_audit_is_due_as_the_contract_says() -> None:
    assert next_due(date(2026, 1, 31), [], 1) == date(2026, 2, 28)
    assert next_due(date(2026, 1, 31), [date(2026, 5, 4), date(2026, 3, 1)], 12) == date(2027, 5, 4)
    assert next_due(date(2026, 1, 31), [date(2025, 5, 4)], 12) == date(2027, 1, 31)
    days = [months_later(date(2026, 1, 31), months) for months in range(40)]
    assert all(before < after for before, after in pairwise(days))


def test_C14_findings_go_with_every_outcome_but_a_satisfactory_one() -> None:
    check_report(Outcome.SATISFACTORY, 0, date(2026, 3, 2), date(2026, 3, 2))
    check_report(Outcome.FAILED, 2, date(2026, 3, 1), date(2026, 3, 2))
    for outcome, findings, day in ((Outcome.SATISFACTORY, 1, 1), (Outcome.FINDINGS, 0, 1), (Outcome.SATISFACTORY, 0, 3)):
        with pytest.raises(Problem):
            check_report(outcome, findings, date(2026, 3, day), date(2026, 3, 2))


def test_C14_a_service_says_for_which_officer_it_acts_and_nobody_else_speaks_for_another() -> None:
    officer = uuid4()
    assert acting(Principal(uuid4(), Role.SERVICE, 0), officer) == officer
    assert acting(Principal(officer, Role.PRIVACY_OFFICER, 0), None) == officer
    for role, named in ((Role.SERVICE, None), (Role.PRIVACY_OFFICER, officer), (Role.OPERATIONS, officer)):
        with pytest.raises(Problem):
            acting(Principal(uuid4(), role, 0), named)
