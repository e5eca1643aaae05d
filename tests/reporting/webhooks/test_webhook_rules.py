"""What an answer means, when it is tried again, and where nothing is ever sent. Pure."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from reporting.webhooks.endpoints import Endpoints, Refused
from reporting.webhooks.rules import RETRY_AFTER, Kind, Verdict, address_of, is_public, pause_after, payload_of, verdict_on
from reporting.webhooks.sending import signed
from reporting.webhooks.tables import Claimed

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@given(st.sampled_from(Kind), st.uuids())
def test_C5_the_payload_names_the_recall_or_the_correction_and_where_to_read_it_and_nothing_else(kind: Kind, about: UUID) -> None:
    said = json.loads(payload_of(kind, NOW, about, address_of(kind, about, "https://reporting.example")))
    name, path = ("correction_id", "data-corrections") if kind is Kind.DATA_CORRECTED else ("recall_id", "recalls")
    assert said == {
        "type": {"recall_requested": "recall.requested", "recall_overdue": "recall.overdue", "data_corrected": "data.corrected"}[kind],
        "timestamp": "2026-03-02T09:30:00+00:00",
        "data": {name: str(about), "url": f"https://reporting.example/v1/{path}/{about}"},
    }


def test_only_a_2xx_is_a_yes_and_410_is_a_no_for_ever() -> None:
    for status in (200, 202, 204, 299):
        assert verdict_on(status, 1) is Verdict.DELIVERED
    for status in (None, 100, 301, 307, 400, 404, 429, 500, 503):
        assert verdict_on(status, 1) is Verdict.AGAIN
    assert verdict_on(410, 1) is Verdict.GIVEN_UP


def test_it_is_tried_ten_times_over_three_days_and_then_given_up() -> None:
    assert [verdict_on(503, n) for n in range(1, 11)] == [Verdict.AGAIN] * 9 + [Verdict.GIVEN_UP]
    assert [pause_after(n, 0.0) for n in range(1, 10)] == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(RETRY_AFTER) > 3 * 86400


@given(st.integers(1, 9), st.floats(0, 1))
def test_a_retry_comes_up_to_a_tenth_later_and_never_earlier(attempts: int, chance: float) -> None:
    assert RETRY_AFTER[attempts - 1] <= pause_after(attempts, chance) <= RETRY_AFTER[attempts - 1] * 1.1 + 1e-6


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "255.255.255.255", "192.0.2.1", "2001:db8::1"),
    ],
)
def test_nothing_is_sent_to_ourselves_to_neighbours_or_to_a_metadata_service(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_an_address_on_the_internet_is_one(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url", ["https://localhost/hook", "https://127.0.0.1:8443/", "https://[::1]/", "http://1.1.1.1/", "https://169.254.169.254/"]
)
async def test_outside_of_the_local_stack_a_private_address_or_plain_http_is_refused_before_anything_is_sent(url: str) -> None:
    endpoints = Endpoints(local=False)
    with pytest.raises(Refused):
        await endpoints.post(url, "{}", {})
    await endpoints.close()


def test_the_signature_is_that_of_the_standards_own_library() -> None:
    now = datetime.now(UTC)
    claimed = Claimed(uuid4(), uuid4(), Kind.RECALL_REQUESTED, uuid4(), now, 3, "https://plan.example/", SECRET)
    body = payload_of(claimed.kind, claimed.created_at, claimed.about, "https://reporting.example/")
    headers = signed(claimed, body, now)
    assert Webhook(SECRET).verify(body, headers)["data"]["recall_id"] == str(claimed.about)
    assert headers["webhook-id"] == str(claimed.delivery_id)
    assert SECRET not in str(headers)
