"""Visits are counted against the contract's limit, and never beyond it, in whatever order things happen (S13)."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.contracts.scheduling import VisitCovered, VisitLimitReached
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.coverage import rules
from scheduling.coverage.rules import INSURED, Account, CoverageChoice, Visit, VisitState, VisitTerms, covered, held, planned

CLIENT, EMPLOYER, PROVIDER = uuid4(), uuid4(), uuid4()
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
YEARS = [2026, 2027]


def visit(terms: VisitTerms, on: date, state: VisitState = VisitState.RESERVED, appointment_id: UUID | None = None) -> Visit:
    counted = terms.visit_number, terms.visit_limit
    return Visit(appointment_id or uuid4(), CLIENT, EMPLOYER, Programme.EWS, on, state, terms.funding, *counted)


def account(limit: int = 3, scheduled: int = 0, used: int = 0, choice: CoverageChoice | None = None) -> Account:
    on = date(2026, 3, 2)
    visits = [visit(VisitTerms("employer", False, n + 1, limit), on, VisitState.HELD) for n in range(used)]
    visits += [visit(VisitTerms("employer", False, used + n + 1, limit), on) for n in range(scheduled)]
    return Account(EMPLOYER, limit, date(2026, 1, 1), date(2026, 12, 31), visits, choice)


def code(found: Account | None) -> str:
    with pytest.raises(Problem) as problem:
        planned(found, uuid4())
    return problem.value.code


def test_S13_a_session_that_is_scheduled_holds_its_place() -> None:
    assert planned(account(used=1, scheduled=1), uuid4()) == VisitTerms("employer", False, 3, 3, 0)
    assert code(account(used=1, scheduled=2)) == "visit_limit_reached"
    assert code(account(used=3, choice=CoverageChoice.END)) == "visit_limit_reached"


def test_S13_who_chose_to_go_on_with_insurance_pays_the_copay_from_then_on_and_not_before() -> None:
    going_on = CoverageChoice.CONTINUE_WITH_INSURANCE
    assert planned(account(used=3, choice=going_on), uuid4()) == INSURED == VisitTerms("insurance", True)
    assert planned(account(used=2, choice=going_on), uuid4()).funding == "employer"


def test_S1_nothing_is_scheduled_where_the_employer_pays_for_nothing() -> None:
    assert code(None) == "not_eligible"
    assert held(None, uuid4()) == INSURED, "what took place is paid for by somebody"


def test_S13_a_limit_that_is_lowered_takes_nobody_a_visit_that_was_scheduled() -> None:
    before = account(limit=6, used=3, scheduled=2)
    lowered = replace(before, limit=4)
    reserved = before.visits[-1].appointment_id
    assert held(lowered, reserved).funding == "employer"
    assert planned(lowered, reserved).funding == "employer"
    assert code(lowered) == "visit_limit_reached"
    assert held(lowered, uuid4()) == INSURED


def test_S13_the_last_visit_is_told_with_its_terms_and_that_it_was_the_last() -> None:
    def told(used: int) -> list[type]:
        terms = held(account(used=used), uuid4())
        return [type(event) for event in covered(visit(terms, NOW.date()), terms, PROVIDER, NOW)]

    assert [told(used) for used in (0, 1, 2, 3)] == [[VisitCovered]] * 2 + [[VisitCovered, VisitLimitReached]] + [[VisitCovered]]
    event = covered(visit(INSURED, NOW.date()), INSURED, PROVIDER, NOW)[0]
    assert isinstance(event, VisitCovered)
    assert (event.funding, event.copay_applies, event.visit_number, event.visit_limit) == ("insurance", True, None, None)


@given(st.integers(1, 8), st.integers(0, 8), st.integers(0, 8))
def test_S13_the_choice_is_open_from_when_one_visit_is_left(limit: int, used: int, scheduled: int) -> None:
    found = account(limit, min(scheduled, limit - min(used, limit)), min(used, limit))
    if found.left > 1:
        with pytest.raises(Problem) as problem:
            rules.check_may_choose(found)
        assert problem.value.code == "wrong_state"
    else:
        assert rules.check_may_choose(found) is found


def test_S13_where_nothing_is_counted_there_is_nothing_to_choose() -> None:
    with pytest.raises(Problem, match="wrong_state"):
        rules.check_may_choose(None)


@dataclass
class Book:
    """The rows of one client's visits, in two calendar years."""

    limit: int
    rows: dict[UUID, Visit] = field(default_factory=dict)
    choices: dict[int, CoverageChoice] = field(default_factory=dict)

    def account(self, year: int) -> Account:
        mine = [row for row in self.rows.values() if row.funding == "employer" and row.on_date.year == year]
        return Account(EMPLOYER, self.limit, date(year, 1, 1), date(year, 12, 31), mine, self.choices.get(year))

    def put(self, appointment_id: UUID, terms: VisitTerms, on: date, state: VisitState) -> None:
        self.rows[appointment_id] = visit(terms, on, state, appointment_id)


class Visits(RuleBasedStateMachine):
    """Reserve, release, move, settle and choose in any order; the oracle counts what the employer was told to pay."""

    @initialize(limit=st.integers(1, 4))
    def open(self, limit: int) -> None:
        self.book = Book(limit)
        self.billed: dict[int, list[int]] = {year: [] for year in YEARS}
        self.limits_told = dict.fromkeys(YEARS, 0)

    def some(self, index: int, state: VisitState = VisitState.RESERVED) -> UUID | None:
        found = [row.appointment_id for row in self.book.rows.values() if row.state is state]
        return found[index % len(found)] if found else None

    def plan(self, appointment_id: UUID, year: int) -> None:
        before = self.book.account(year)
        others = before.without(appointment_id)
        kept = len(others) < len(before.visits)
        try:
            terms = planned(before, appointment_id)
        except Problem as problem:
            assert problem.code == "visit_limit_reached"
            assert len(others) >= self.book.limit
            assert self.book.choices.get(year) is not CoverageChoice.CONTINUE_WITH_INSURANCE
            return
        assert (terms.funding == "employer") == (len(others) < self.book.limit or kept)
        self.book.put(appointment_id, terms, date(year, 6, 1), VisitState.RESERVED)

    @rule(year=st.sampled_from(YEARS))
    def reserve(self, year: int) -> None:
        self.plan(uuid4(), year)

    @rule(index=st.integers(0, 20), year=st.sampled_from(YEARS))
    def move(self, index: int, year: int) -> None:
        if found := self.some(index):
            self.plan(found, year)

    @rule(index=st.integers(0, 20))
    def release(self, index: int) -> None:
        if found := self.some(index):
            del self.book.rows[found]

    @rule(index=st.integers(0, 20), year=st.sampled_from(YEARS), reserved=st.booleans())
    def settle(self, index: int, year: int, reserved: bool) -> None:
        """On the day that it was scheduled for or another one, also without having been scheduled here."""
        found = (self.some(index) if reserved else None) or uuid4()
        terms = held(self.book.account(year), found)
        self.book.put(found, terms, date(year, 6, 1), VisitState.HELD)
        events = covered(self.book.rows[found], terms, PROVIDER, NOW)
        self.limits_told[year] += sum(isinstance(event, VisitLimitReached) for event in events)
        if terms.visit_number is not None:
            self.billed[year].append(terms.visit_number)

    @rule(year=st.sampled_from(YEARS), choice=st.sampled_from(CoverageChoice))
    def choose(self, year: int, choice: CoverageChoice) -> None:
        if self.book.account(year).left <= 1:
            self.book.choices[year] = choice

    @invariant()
    def the_employer_never_pays_for_more_than_was_agreed(self) -> None:
        for year in YEARS:
            assert len(self.book.account(year).visits) <= self.book.limit
            assert self.billed[year] == list(range(1, len(self.billed[year]) + 1))
            assert len(self.billed[year]) <= self.book.limit
            assert self.limits_told[year] == (len(self.billed[year]) == self.book.limit)


test_S13_visits_never_exceed_the_limit_in_any_order = Visits.TestCase
