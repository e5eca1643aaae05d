"""What a correction makes of a client's record, and what the others hear of it (C10)."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from common.contracts.corrections import Applying, ClientField
from common.contracts.vocabulary import Programme
from common.problems import Problem
from scheduling.clients.rules import Client
from scheduling.corrections.rules import corrected, fact

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
JANE = Client(
    client_id=uuid4(),
    employer_id=uuid4(),
    plan_id=uuid4(),
    programme=Programme.CARE_CONNECT,
    birth_date=date(1985, 5, 17),
    sex="female",
    state="MA",
    language="en",
    member_id="W1234",
)


def made(field: ClientField, value: str) -> Client:
    return corrected(JANE, Applying(client_id=JANE.client_id, field=field, value=value), NOW.date())


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("birth_date", "1986-05-17", ("birth_year",)),
        ("birth_date", "1985-06-17", ()),
        ("sex", "other", ("sex",)),
        ("state", "VT", ("state",)),
        ("language", "es", ("language",)),
        ("time_zone", "America/Chicago", ("time_zone",)),
        ("member_id", "W9999", ()),
    ],
)
def test_C10_one_field_is_changed_and_what_is_told_is_no_finer_than_before(field: ClientField, value: str, told: tuple[str, ...]) -> None:
    after = made(field, value)
    assert str(getattr(after, field)) == value
    assert after.model_dump(exclude={field}) == JANE.model_dump(exclude={field})
    event = fact(uuid4(), JANE, after, NOW)
    assert event.changed == told
    assert "W9999" not in event.to_json() and "1985-06-17" not in event.to_json()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("birth_date", "2020-01-01", "under_age"),
        ("birth_date", "soon", "invalid_request"),
        ("member_id", "078051120", "ssn_refused"),
        ("member_id", "w 1", "invalid_request"),
        ("state", "ZZ", "invalid_request"),
        ("time_zone", "Boston", "invalid_request"),
        ("language", "Spanish!", "invalid_request"),
        ("sex", "x", "invalid_request"),
    ],
)
def test_C12_C13_a_correction_is_no_way_around_what_registration_refuses(field: ClientField, value: str, code: str) -> None:
    with pytest.raises(Problem) as refusal:
        made(field, value)
    assert refusal.value.code == code
