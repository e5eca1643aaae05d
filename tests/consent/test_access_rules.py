"""What may be done with an access request when (C10, 45 CFR 164.524)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.access import AccessExtension, AccessGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.deadlines import rules as deadlines
from common.deadlines.ladder import next_step
from common.deadlines.policies import newest
from common.deadlines.rules import Anchor
from common.problems import Problem
from consent.access_requests import rules
from consent.access_requests.rules import AccessRequest, OnBehalf, State
from consent.statutory_deadlines.policies import POLICIES

ASKED = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
DUE = ASKED + timedelta(days=30)
STAFF = OnBehalf(staff_id=UUID(int=9), asked_by=AskedBy.CLIENT, identity_check=IdentityCheck.IN_PERSON)


def request(**more: Any) -> AccessRequest:
    values = {"request_id": UUID(int=1), "client_id": UUID(int=2), "language": "en", "state": State.COLLECTING}
    return AccessRequest(**values | {"asked_at": ASKED, "due_at": DUE} | more)


def refused(check: Any, *given_: Any, **named: Any) -> str | None:
    try:
        check(*given_, **named)
    except Problem as problem:
        assert problem.extra["rule"] == "C10"
        return problem.code
    return None


@given(st.sampled_from(IdentityCheck), st.sampled_from(AskedBy))
def test_C10_staff_record_a_request_only_of_whom_they_have_checked(check: IdentityCheck, asked_by: AskedBy) -> None:
    code = refused(rules.check_identity, OnBehalf(staff_id=uuid4(), asked_by=asked_by, identity_check=check))
    assert code == ("identity_not_checked" if check is IdentityCheck.NOT_CHECKED else None)


def test_C10_a_client_who_is_signed_in_needs_no_other_check() -> None:
    assert refused(rules.check_identity, None) is None


@given(st.sampled_from(State), st.timedeltas(timedelta(days=-1), timedelta(days=90)), st.booleans())
def test_C10_it_is_extended_once_and_before_it_is_due(state: State, later: timedelta, extended: bool) -> None:
    ground = AccessGround.PRIVACY_ACT if state is State.REFUSED else None
    asked = request(state=state, ground=ground, extended_at=ASKED if extended else None)
    allowed = state is State.COLLECTING and not extended and ASKED + later < DUE
    assert refused(rules.check_extension, asked, ASKED + later) == (None if allowed else "wrong_state")


@given(st.sampled_from(State), st.timedeltas(timedelta(days=-29), timedelta(days=29)), st.booleans(), st.booleans())
def test_C10_a_copy_is_handed_out_only_while_it_is_kept_and_only_to_who_asked(
    state: State, later: timedelta, by_staff: bool, asked_by_staff: bool
) -> None:
    until = ASKED + timedelta(days=31)
    asked = request(
        state=state, expires_at=until if state in (State.READY, State.EXPIRED) else None, on_behalf=STAFF if asked_by_staff else None
    )
    code = refused(rules.check_download, asked, until + later, by_staff=by_staff)
    if by_staff and not asked_by_staff:
        assert code == "forbidden"
    elif state is State.EXPIRED or (state is State.READY and later >= timedelta(0)):
        assert code == "access_expired"
    else:
        assert code == (None if state is State.READY else "wrong_state")


@pytest.mark.parametrize(("code", "days"), [(rules.POLICY, 30), (rules.EXTENDED_POLICY, 60)])
def test_C10_the_officer_is_warned_ten_and_three_days_before_the_end_and_a_breach_is_a_breach(code: str, days: int) -> None:
    policy = newest(POLICIES, code)
    deadline = deadlines.arm(policy, Anchor(UUID(int=1), UUID(int=2), ASKED, "UTC"), None)
    end = datetime(2026, 3, 3, tzinfo=UTC) + timedelta(days=days)
    assert deadline.due_at == end, "the end of the last day"
    steps = []
    while step := next_step(deadline, policy, None):
        steps.append((end - step.at, step.action))
        deadline = deadlines.advance(deadline, step, policy, None)
    warnings = [(timedelta(days=left), "warn_of_access_request") for left in (10, 3)]
    assert steps == [*warnings, (timedelta(0), "note_overdue_access_request")]


def test_C10_an_extended_request_is_warned_of_anew() -> None:
    """Rungs that were fired stay fired under their keys when a policy is swapped."""
    first, second = (newest(POLICIES, code) for code in (rules.POLICY, rules.EXTENDED_POLICY))
    assert not {rung.key for rung in first.rungs} & {rung.key for rung in second.rungs}
    assert (first.budget, second.budget) == (30, 60), "45 CFR 164.524(b)(2)"


def test_C10_only_a_professionals_finding_is_looked_at_again() -> None:
    reviewable = {ground for ground in AccessGround if request(state=State.REFUSED, ground=ground).reviewable}
    assert reviewable == {AccessGround.DANGER_TO_LIFE, AccessGround.HARM_TO_ANOTHER, AccessGround.HARM_BY_REPRESENTATIVE}
    assert not request().reviewable


def test_C10_which_policy_a_request_goes_by_follows_from_its_extension() -> None:
    assert request().policy == rules.POLICY
    assert request(extended_at=ASKED, extension_reason=AccessExtension.SERVICE_AWAY).policy == rules.EXTENDED_POLICY
    assert request().overdue(DUE + timedelta(seconds=1)) and not request().overdue(DUE)
    assert not request(state=State.READY).overdue(DUE + timedelta(days=1))
