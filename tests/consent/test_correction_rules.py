"""What may be asked to be corrected, and what may become of it (C10, 45 CFR 164.526)."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.corrections import RefusalGround
from common.contracts.vocabulary import AskedBy, IdentityCheck
from common.deadlines.policies import newest
from common.problems import Problem
from consent.corrections import rules
from consent.corrections.delivery import applying, spreading
from consent.corrections.rules import CHANGEABLE, Correction, OnBehalf, State, Wish
from consent.statutory_deadlines.policies import POLICIES

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
TODAY = NOW.date()
CLIENT = uuid4()
RIGHT = {
    "birth_date": "1985-05-17",
    "sex": "other",
    "state": "VT",
    "language": "es-MX",
    "time_zone": "America/New_York",
    "member_id": "W1234",
}
WRONG = {"birth_date": "17.5.1985", "sex": "x", "state": "Vermont", "language": "Spanish", "time_zone": "Boston", "member_id": "w 1"}


def wish(field: str, wanted: str | None, **said: object) -> Wish:
    return Wish.model_validate({"service": "scheduling", "record_table": "client", "field": field, "wanted": wanted, "reason": "x"} | said)


def correction(state: State = State.OPEN, **said: object) -> Correction:
    told: dict[str, object] = {"correction_id": uuid4(), "client_id": CLIENT, "wish": wish("state", "VT"), "state": state}
    return Correction.model_validate(told | {"asked_at": NOW, "due_at": NOW + timedelta(days=60)} | said)


def refused(code: str, check: object, *given: object) -> None:
    with pytest.raises(Problem) as refusal:
        check(*given)  # type: ignore[operator]
    assert refusal.value.code == code


@pytest.mark.parametrize("field", CHANGEABLE)
def test_C10_each_field_of_a_clients_record_takes_what_it_is_and_nothing_else(field: str) -> None:
    rules.check_wish(wish(field, RIGHT[field]), CLIENT, TODAY)
    refused("invalid_request", rules.check_wish, wish(field, WRONG[field]), CLIENT, TODAY)
    refused("invalid_request", rules.check_wish, wish(field, None), CLIENT, TODAY)


@given(st.dates(min_value=date(2013, 12, 1), max_value=TODAY))
def test_C12_no_birth_date_makes_a_child_of_a_client(born: date) -> None:
    refused("under_age", rules.check_wish, wish("birth_date", born.isoformat()), CLIENT, TODAY)


@given(st.from_regex(r"(?!000|666|9)[0-9]{3}-?(?!00)[0-9]{2}-?(?!0000)[0-9]{4}", fullmatch=True))
def test_C13_no_member_id_reads_as_a_social_security_number(number: str) -> None:
    refused("ssn_refused", rules.check_wish, wish("member_id", number), CLIENT, TODAY)


def test_C10_nobody_corrects_somebody_elses_record_or_a_field_that_there_is_not() -> None:
    refused("not_found", rules.check_wish, wish("state", "VT", record_id=uuid4()), CLIENT, TODAY)
    refused("invalid_request", rules.check_wish, wish("employer_id", "x"), CLIENT, TODAY)
    rules.check_wish(wish("start", None, record_table="appointment", record_id=uuid4()), CLIENT, TODAY)


@pytest.mark.parametrize("check", IdentityCheck)
def test_C10_staff_records_nothing_for_somebody_whose_identity_was_not_checked(check: IdentityCheck) -> None:
    staff = OnBehalf(staff_id=uuid4(), asked_by=AskedBy.CLIENT, identity_check=check)
    if check is IdentityCheck.NOT_CHECKED:
        refused("identity_not_checked", rules.check_identity, staff)
    else:
        rules.check_identity(staff)


def test_C10_the_period_is_60_days_and_30_more_once_before_it_is_over() -> None:
    assert (newest(POLICIES, rules.POLICY).budget, newest(POLICIES, rules.EXTENDED_POLICY).budget) == (60, 90)
    due = NOW + timedelta(days=60)
    rules.check_extension(correction(), due - timedelta(seconds=1))
    refused("wrong_state", rules.check_extension, correction(), due)
    refused("wrong_state", rules.check_extension, correction(extended_at=NOW), NOW)
    assert correction().is_overdue(due + timedelta(seconds=1)) and not correction().is_overdue(due)
    assert not correction(State.APPLIED).is_overdue(due + timedelta(days=1))


@pytest.mark.parametrize("state", [state for state in State if state is not State.OPEN])
def test_C10_what_is_decided_stays_decided(state: State) -> None:
    refused("wrong_state", rules.check_open, correction(state))
    refused("wrong_state", rules.check_extension, correction(state), NOW)


def test_C10_one_disagrees_with_a_refusal_once_and_it_is_rebutted_once() -> None:
    no = correction(State.REFUSED, ground=RefusalGround.ACCURATE_AND_COMPLETE)
    disagreed = no.model_copy(update={"disagreed_at": NOW})
    rules.check_disagreement(no)
    rules.check_rebuttal(disagreed)
    refused("wrong_state", rules.check_disagreement, disagreed)
    refused("wrong_state", rules.check_disagreement, correction())
    refused("wrong_state", rules.check_rebuttal, no)
    refused("wrong_state", rules.check_rebuttal, disagreed.model_copy(update={"rebutted_at": NOW}))


def test_C10_what_is_handed_over_holds_no_reason_and_no_statement() -> None:
    no = correction(State.REFUSED, ground="accurate_and_complete", disagreement="PRIVATE", disagreed_at=NOW)
    no = no.model_copy(update={"wish": wish("state", "VT", reason="PRIVATE")})
    assert spreading(no).kind == "disputed" and spreading(no).record_id == CLIENT
    assert "PRIVATE" not in spreading(no).model_dump_json() + applying(no).model_dump_json()
