"""The plan's side of a race: who follows increments drops what ended, its topics are read with their times, its endpoint is not fooled."""

import time
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from aiokafka import ConsumerRecord
from standardwebhooks import Webhook

from demo.race_arrivals import Arrivals
from demo.race_follower import Follower, Held
from demo.race_recipient import Recipient
from demo.race_topics import Topics
from demo.race_webhook import AWKWARD, TAKEN, WAY, listening

SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0"
ANN, BOB = str(uuid4()), str(uuid4())


def test_a_persons_deletion_ends_everything_under_the_token() -> None:
    follower = Follower(Recipient.__new__(Recipient))
    follower.copy = {f"Patient/{ANN}": Held(ANN, "1"), "Observation/1": Held(ANN, "2"), "Observation/2": Held(BOB, "3")}
    follower._drop({f"Patient/{ANN}"})
    assert follower.copy.keys() == {"Observation/2"}
    follower._drop({"Observation/2"})
    assert follower.copy == {}


def topics(*records: tuple[str, bytes | None, int]) -> Topics:
    """Of one partition: key, value, and the broker's time in milliseconds."""
    found = Topics("", "plan", "", _offset=0)
    for offset, (key, value, at) in enumerate(records):
        found.seen[found.individual, 0, offset] = ConsumerRecord(
            found.individual, 0, offset, at, 1, key.encode(), value, None, len(key), len(value or b""), ()
        )
    return found


def test_a_value_after_the_tombstone_is_seen_and_one_before_it_is_none() -> None:
    assert topics((ANN, b"{}", 1), (ANN, None, 2), (BOB, b"{}", 3)).risen() == frozenset()
    assert topics((ANN, b"{}", 1), (ANN, None, 2), (BOB, b"{}", 3), (ANN, b"{}", 4)).risen() == {ANN}


def test_values_have_the_time_at_which_they_can_have_been_appended_at_the_earliest() -> None:
    arrivals, now = Arrivals(), time.time_ns() // 10**6
    began = time.monotonic_ns()
    topics((BOB, b"{}", now - 5_000), (ANN, b"{}", now), (ANN, None, now + 1)).note_in(arrivals, began - 10**9)
    (arrived,) = arrivals.all
    ((token, at),) = arrived.tokens
    assert (token, arrived.release.started) == (ANN, 0)
    assert began - 10**8 < at <= time.monotonic_ns()


def signed(secret: str, recall: str) -> tuple[dict[str, str], str]:
    body, at, message = f'{{"type":"recall.requested","data":{{"recall_id":"{recall}"}}}}', datetime.now(UTC), str(uuid4())
    stamp = str(int(at.timestamp()))
    return {"webhook-id": message, "webhook-timestamp": stamp, "webhook-signature": Webhook(secret).sign(message, at, body)}, body


def test_the_endpoint_believes_only_what_is_signed_and_takes_a_message_that_comes_again() -> None:
    arrivals, turned_away = Arrivals(), 0
    with listening(arrivals) as endpoint:
        endpoint.secret = SECRET
        recalls = [str(uuid4()) for _ in range(AWKWARD)]
        for recall in recalls:
            headers, body = signed(SECRET, recall)
            if httpx.post(endpoint.url, content=body, headers=headers).status_code != TAKEN:
                turned_away += 1
                assert httpx.post(endpoint.url, content=body, headers=headers).status_code == TAKEN
        headers, body = signed("whsec_" + "b3RoZXJvdGhlcm90aGVyb3RoZXI=", str(uuid4()))
        assert httpx.post(endpoint.url, content=body, headers=headers).status_code == 401
    assert endpoint.recalls == set(recalls) == arrivals.ids[WAY]
    assert (turned_away, endpoint.unsigned) == (1, 1)
