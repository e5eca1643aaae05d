"""Who is eligible on which day and why not (S1, S2), and the history of what was known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from scheduling.clients.rules import Client
from scheduling.eligibility.changes import Ledger, Statement, ledger
from scheduling.eligibility.rules import PayerAnswer, Period, Reason, Source, Verdict, differs, known_at, verdict, with_payer
from scheduling.employers.rules import DAY, Contract
from scheduling.plans.rules import Plan, participates

EMPLOYER, OTHER, PLAN, SECOND = (UUID(int=number) for number in range(1, 5))
TODAY = date(2026, 3, 2)
KNOWN = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT = Client(
    client_id=uuid4(),
    employer_id=EMPLOYER,
    plan_id=PLAN,
    programme=Programme.EWS,
    birth_date=date(1985, 5, 17),
    sex="female",
    state="MA",
    language="en",
)


def period(**changes: Any) -> Period:
    usual: dict[str, Any] = {
        "period_id": uuid4(),
        "client_id": CLIENT.client_id,
        "employer_id": EMPLOYER,
        "plan_id": PLAN,
        "starts_on": date(2026, 1, 1),
    }
    return Period(**usual | {"source": Source.FILE, "recorded_at": KNOWN} | changes)


def contract(**changes: Any) -> Contract:
    usual: dict[str, Any] = {"employer_id": EMPLOYER, "programme": Programme.EWS, "version": 1, "starts_on": date(2026, 1, 1)}
    return Contract(**usual | {"applies_from": date(2026, 1, 1), "recorded_at": KNOWN} | changes)


def judged(*periods: Period, on: date = TODAY, terms: Sequence[Contract] | None = None, **plan: Any) -> Verdict:
    contracts = [contract()] if terms is None else terms
    plans = {PLAN: Plan(plan_id=PLAN, name="", **plan), SECOND: Plan(plan_id=SECOND, name="")}
    return verdict(CLIENT, periods, {EMPLOYER: contracts, OTHER: [contract(employer_id=OTHER)]}, plans, Programme.EWS, on)


def test_S1_a_client_who_leaves_the_employer_tomorrow_is_eligible_today() -> None:
    leaving = period(ends_on=TODAY)
    assert judged(leaving).eligible
    tomorrow = judged(leaving, on=TODAY + DAY)
    assert (tomorrow.eligible, tomorrow.reason) == (False, Reason.NOT_EMPLOYED)


@pytest.mark.parametrize(
    ("periods", "terms", "plan", "reason"),
    [
        ([], None, {}, Reason.NO_COVERAGE),
        ([{"starts_on": TODAY + DAY}], None, {}, Reason.NO_COVERAGE),
        ([{"ends_on": TODAY - DAY}], None, {}, Reason.NOT_EMPLOYED),
        ([{}], [], {}, Reason.NOT_OFFERED),
        ([{}], [{"programme": Programme.CARE_CONNECT}], {}, Reason.NOT_OFFERED),
        ([{"programme": Programme.CARE_CONNECT}], None, {}, Reason.NOT_OFFERED),
        ([{"programme": Programme.EWS}], None, {}, Reason.NONE),
        ([{}], [{"starts_on": TODAY + DAY}], {}, Reason.NOT_IN_FORCE),
        ([{}], [{"ends_on": TODAY - DAY}], {}, Reason.NOT_IN_FORCE),
        ([{}], [{"ends_on": TODAY}], {}, Reason.NONE),
        ([{}], [{"regions": ("TX",)}], {}, Reason.REGION),
        ([{}], [{"regions": ("MA", "TX")}], {}, Reason.NONE),
        ([{}], None, {"participating": False}, Reason.PLAN),
        ([{}], None, {"participating_until": TODAY - DAY}, Reason.PLAN),
        ([{}], None, {"participating_from": TODAY + DAY}, Reason.PLAN),
        ([{}], None, {"participating_from": TODAY, "participating_until": TODAY}, Reason.NONE),
    ],
)
def test_S1_S2_each_reason_is_told(periods: list[Any], terms: list[Any] | None, plan: dict[str, Any], reason: Reason) -> None:
    contracts = None if terms is None else [contract(**changes) for changes in terms]
    found = judged(*(period(**changes) for changes in periods), terms=contracts, **plan)
    assert (found.eligible, found.reason) == (reason is Reason.NONE, reason)
    assert found.detail


def test_S1_of_two_coverages_the_one_that_makes_eligible_counts() -> None:
    found = judged(period(), period(employer_id=OTHER, plan_id=SECOND), participating=False)
    assert (found.eligible, found.employer_id, found.plan_id) == (True, OTHER, SECOND)


def test_S2_of_two_coverages_that_do_not_the_one_at_the_clients_employer_is_told_of() -> None:
    found = judged(period(employer_id=OTHER, programme=Programme.CARE_CONNECT), period(), participating=False)
    assert (found.reason, found.employer_id) == (Reason.PLAN, EMPLOYER)


@given(st.none() | st.dates(), st.none() | st.dates(), st.dates())
def test_S2_a_plan_takes_part_from_its_first_to_its_last_day(first: date | None, last: date | None, on: date) -> None:
    plan = Plan(plan_id=PLAN, name="", participating_from=first, participating_until=last)
    assert participates(plan, on) == ((first or date.min) <= on <= (last or date.max))


def answered(*, active: bool, **changes: Any) -> PayerAnswer:
    usual: dict[str, Any] = {
        "client_id": CLIENT.client_id,
        "programme": Programme.EWS,
        "plan_id": PLAN,
        "as_of": TODAY,
        "answered_at": KNOWN + DAY,
    }
    return PayerAnswer(**usual | {"active": active} | changes)


def test_S1_what_the_payer_said_counts_until_the_coverage_changes() -> None:
    known = [period()]
    found = judged(*known)
    assert with_payer(found, answered(active=False), known).reason is Reason.PAYER
    assert with_payer(found, answered(active=True), known).source == "payer"
    assert with_payer(found, answered(active=False), [period(recorded_at=KNOWN + 2 * DAY)]).eligible, "the coverage changed since"
    assert with_payer(found, answered(active=False, as_of=TODAY + DAY), known).eligible, "asked about a later day"
    assert with_payer(found, answered(active=False, plan_id=SECOND), known).eligible, "asked of another plan"
    ended = judged(*known, on=TODAY, terms=[])
    assert with_payer(ended, answered(active=True), known) == ended, "a payer knows nothing of the employer's contract"


def test_S1_the_same_verdict_on_another_day_is_no_news() -> None:
    assert differs(judged(period()), None)
    assert not differs(judged(period(), on=TODAY + DAY), judged(period()))
    assert differs(judged(), judged(period()))


HORIZON = [date(2026, 1, 1) + timedelta(days) for days in range(25)]
days = st.sampled_from(HORIZON)


@dataclass
class Oracle:
    """The naive way: for every employer and day the plan, and a copy of all of it at every moment."""

    plans: dict[tuple[UUID, date], UUID] = field(default_factory=dict)
    copies: list[tuple[datetime, dict[tuple[UUID, date], UUID]]] = field(default_factory=list)

    def state(self, employer: UUID, plan: UUID, first: date, last: date | None) -> None:
        for day in HORIZON:
            if day >= first:
                self.plans.pop((employer, day), None)
                if last is None or day <= last:
                    self.plans[employer, day] = plan

    def end(self, employer: UUID, plan: UUID, last: date) -> None:
        self.plans = {(at, day): by for (at, day), by in self.plans.items() if (at, by) != (employer, plan) or day <= last}


changes = st.tuples(st.booleans(), st.sampled_from([EMPLOYER, OTHER]), st.sampled_from([PLAN, SECOND]), days, st.none() | days)


def applied(mine: Ledger, oracle: Oracle, change: tuple[bool, UUID, UUID, date, date | None]) -> None:
    states, employer, plan, first, last = change
    if states:
        last = None if last is None else max(first, last)
        mine.state(Statement(CLIENT.client_id, employer, plan, first, last))
        oracle.state(employer, plan, first, last)
    else:
        mine.end(first, lambda period: (period.employer_id, period.plan_id) == (employer, plan))
        oracle.end(employer, plan, first)


def seen(periods: Sequence[Period]) -> dict[tuple[UUID, date], UUID]:
    found = {}
    for each in periods:
        for day in HORIZON:
            if each.holds(day):
                assert (each.employer_id, day) not in found, "two plans at one employer on one day"
                found[each.employer_id, day] = each.plan_id
    return found


@given(st.lists(changes, max_size=12))
def test_S1_what_was_known_when_of_which_day_is_what_a_naive_diary_says(drawn: list[Any]) -> None:
    rows: dict[UUID, Period] = {}
    oracle = Oracle()
    for minute, change in enumerate(drawn):
        now = KNOWN + timedelta(minutes=minute)
        mine = ledger([row for row in rows.values() if row.superseded_at is None], Source.API, now)
        applied(mine, oracle, change)
        rows |= {old.period_id: old.model_copy(update={"superseded_at": now}) for old in mine.superseded}
        rows |= {new.period_id: new for new in mine.added}
        oracle.copies.append((now, dict(oracle.plans)))
    for at, plans in oracle.copies:
        assert seen(known_at(rows.values(), at)) == plans
        assert seen(known_at(rows.values(), at + timedelta(seconds=59))) == plans


@given(st.lists(changes, min_size=1, max_size=12))
def test_S1_many_changes_at_one_moment_lead_where_one_after_the_other_does(drawn: list[Any]) -> None:
    """As the lines of a file do: what came and went within it was never known."""
    mine, oracle = ledger([], Source.FILE, KNOWN), Oracle()
    for change in drawn:
        applied(mine, oracle, change)
    assert seen(mine.known) == oracle.plans
    assert sorted(p.period_id for p in mine.known) == sorted(p.period_id for p in mine.added)
    assert not mine.superseded


def test_S1_what_is_known_already_changes_nothing() -> None:
    mine = ledger([period()], Source.FILE, KNOWN)
    mine.state(Statement(CLIENT.client_id, EMPLOYER, PLAN, date(2026, 1, 1)))
    mine.end(TODAY, lambda each: each.plan_id == SECOND)
    assert not mine.added
    assert not mine.superseded
