"""A link opens one form until its end, and nothing else: no byte of it can be changed."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.links.rules import LENGTH, read, sign
from common.problems import Problem

KEY = b"a key of the tests"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
ALPHABET = ascii_letters + digits + "-_"
MOMENTS = st.datetimes(datetime(2026, 11, 23), datetime(2100, 1, 1), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001
ASSIGNMENT = UUID("3d0f2b7a-52a5-4e3e-9a51-0b8a2f1c9d44")


def refused(token: str, key: bytes = KEY, now: datetime = NOW) -> str:
    with pytest.raises(Problem) as refusal:
        read(key, token, now)
    return refusal.value.code


@given(st.uuids(), MOMENTS)
def test_a_link_opens_its_own_assignment(assignment_id: UUID, expires_at: datetime) -> None:
    token = sign(KEY, assignment_id, expires_at)
    assert read(KEY, token, NOW) == assignment_id
    assert len(token) == 48 and set(token) <= set(ALPHABET), "safe in an address"


@given(st.uuids(), MOMENTS)
def test_a_link_is_good_until_its_end_and_not_a_moment_longer(assignment_id: UUID, expires_at: datetime) -> None:
    token = sign(KEY, assignment_id, expires_at)
    assert read(KEY, token, expires_at - timedelta(microseconds=1)) == assignment_id
    assert refused(token, now=expires_at) == "link_expired"
    assert refused(token, now=expires_at + timedelta(days=400)) == "link_expired"


@pytest.mark.parametrize("byte", range(LENGTH))
def test_no_byte_can_be_changed(byte: int) -> None:
    """Neither of the assignment, nor of the end, nor of the signature."""
    raw = urlsafe_b64decode(sign(KEY, ASSIGNMENT, LATER))
    for bit in range(8):
        changed = bytes([*raw[:byte], raw[byte] ^ (1 << bit), *raw[byte + 1 :]])
        assert refused(urlsafe_b64encode(changed).decode()) == "invalid_link"


@given(st.integers(0, 48), st.sampled_from("!=.~ \n\u00e9"))
def test_nothing_that_a_decoder_passes_over_can_be_put_in(place: int, character: str) -> None:
    """One form has one address."""
    token = sign(KEY, ASSIGNMENT, LATER)
    assert refused(token[:place] + character + token[place:]) == "invalid_link"


@given(st.integers(0, 47), st.sampled_from(ALPHABET))
def test_no_character_can_be_changed(place: int, character: str) -> None:
    token = sign(KEY, ASSIGNMENT, LATER)
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        assert refused(changed) == "invalid_link"


@given(st.binary(min_size=1).filter(lambda key: key.rstrip(b"\0") != KEY))
def test_with_another_key_it_is_not_valid(key: bytes) -> None:
    assert refused(sign(key, ASSIGNMENT, LATER)) == "invalid_link"


@given(st.text(max_size=80) | st.text(ALPHABET, min_size=48, max_size=48))
def test_what_we_did_not_sign_is_not_valid(token: str) -> None:
    assert refused(token) == "invalid_link"


@given(st.integers(1, 47))
def test_a_part_of_a_link_is_none(length: int) -> None:
    token = sign(KEY, ASSIGNMENT, LATER)
    assert refused(token[:length]) == "invalid_link"
    assert refused(token[length:]) == "invalid_link"


def test_an_expired_link_that_was_tampered_with_is_not_said_to_have_expired() -> None:
    """Only who has a link that we signed is told that there was one."""
    token = sign(KEY, ASSIGNMENT, NOW - timedelta(days=1))
    assert refused(token) == "link_expired"
    assert refused(token[:-1] + ("A" if token[-1] != "A" else "B")) == "invalid_link"


@given(st.uuids(), st.uuids(), MOMENTS)
def test_the_halves_of_two_links_make_no_link(one: UUID, other: UUID, expires_at: datetime) -> None:
    first, second = (urlsafe_b64decode(sign(KEY, assignment, expires_at)) for assignment in (one, other))
    if one != other:
        assert refused(urlsafe_b64encode(first[:20] + second[20:]).decode()) == "invalid_link"
