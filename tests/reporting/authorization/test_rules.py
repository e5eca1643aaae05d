"""What an assertion must say and what a token may have, for whatever is said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Purpose
from common.problems import Problem
from reporting.authorization.rules import (
    EVERY,
    LEEWAY,
    LONGEST,
    check_claims,
    check_covers,
    check_header,
    check_purpose,
    granted,
    require_scopes,
)

CLIENT, URL, NOW = "plan-1", "https://reporting.example/v1/oauth2/token", 1_800_000_000.0
SAID: dict[str, Any] = {"iss": CLIENT, "sub": CLIENT, "aud": URL, "exp": NOW + 200, "jti": "one"}
TYPES = ("Patient", "Observation", "Appointment")
SCOPES = st.sampled_from([EVERY, *(f"system/{kind}.rs" for kind in TYPES)])
ASKED = st.lists(
    SCOPES
    | st.sampled_from(["system/*.read", "system/Patient.read", "system/*.cruds", "patient/*.rs", "openid", "system/patient.rs", "*"]),
    max_size=5,
)
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=3)


def refused(said: dict[str, Any]) -> str | None:
    """The claim that it is refused for."""
    try:
        check_claims(said, CLIENT, URL, NOW)
    except Problem as problem:
        assert problem.code == "invalid_client"
        return str(problem.extra["field"])
    return None


def test_an_assertion_of_the_profile_is_taken() -> None:
    assert check_claims(SAID, CLIENT, URL, NOW) == ("one", NOW + 200)
    assert refused(SAID | {"aud": ["https://elsewhere.example", URL], "iat": NOW, "more": "of its own"}) is None


@given(st.sampled_from(sorted(SAID)), ANYTHING)
def test_each_claim_is_needed_and_must_be_what_it_is(claim: str, value: Any) -> None:
    assert refused({name: said for name, said in SAID.items() if name != claim}) in (claim, "iss")
    taken = claim == "jti" and isinstance(value, str) and value.isprintable() and value != ""
    ends_well = claim == "exp" and type(value) in (int, float) and NOW - LEEWAY < value <= NOW + LONGEST + LEEWAY
    assert (refused(SAID | {claim: value}) is None) == (taken or ends_well)


@given(st.floats(-2 * LONGEST, 2 * LONGEST, allow_nan=False))
def test_it_ends_in_the_future_and_at_most_five_minutes_ahead(seconds: float) -> None:
    assert (refused(SAID | {"exp": NOW + seconds}) is None) == (-LEEWAY < seconds <= LONGEST + LEEWAY)


@pytest.mark.parametrize("ends", [float("nan"), float("inf"), True, str(NOW + 100)])
def test_what_is_no_time_is_no_end(ends: Any) -> None:
    assert refused(SAID | {"exp": ends}) == "exp"


def test_an_assertion_for_later_is_not_taken_now() -> None:
    assert refused(SAID | {"nbf": NOW + LEEWAY + 1}) == "nbf"
    assert refused(SAID | {"nbf": NOW}) is None


@given(ASKED, st.sets(SCOPES, min_size=1))
def test_a_token_has_nothing_that_is_not_registered(asked: list[str], registered: set[str]) -> None:
    try:
        scopes = granted(" ".join(asked), sorted(registered))
    except Problem as problem:
        assert problem.code == "invalid_scope"
        assert EVERY not in asked
        assert not registered & set(asked)
        return
    assert set(scopes) <= registered or EVERY in registered
    assert len(scopes) == len(set(scopes)) > 0
    assert all(scope.endswith(".rs") and scope.startswith("system/") for scope in scopes)


def test_scopes_of_version_1_are_answered_as_those_of_version_2() -> None:
    assert granted("system/Patient.read system/Nothing.write", [EVERY]) == ("system/Patient.rs",)
    assert granted("system/*.read", ["system/Patient.rs", "system/Consent.rs"]) == ("system/Patient.rs", "system/Consent.rs")


def test_C5_a_token_without_scopes_and_purpose_is_none_for_individual_data() -> None:
    for scopes, purpose in (((), None), ((EVERY,), None), ((), Purpose.PERSONALISED_RECOMMENDATIONS)):
        with pytest.raises(Problem) as refusal:
            require_scopes(scopes, purpose)
        assert (refusal.value.code, refusal.value.status) == ("insufficient_scope", 403)
    require_scopes((EVERY,), Purpose.PERSONALISED_RECOMMENDATIONS)


def test_a_token_covers_the_types_of_its_scopes() -> None:
    check_covers({EVERY}, TYPES)
    check_covers({"system/Patient.rs", "system/Observation.rs"}, ["Patient"])
    with pytest.raises(Problem) as refusal:
        check_covers({"system/Patient.rs"}, TYPES)
    assert refusal.value.extra["types"] == ["Observation", "Appointment"]


@given(st.text(max_size=60))
def test_C5_another_purpose_is_refused(stated: str) -> None:
    check_purpose(None, Purpose.PERSONALISED_RECOMMENDATIONS)
    check_purpose("personalised_health_recommendations", Purpose.PERSONALISED_RECOMMENDATIONS)
    with pytest.raises(Problem) as refusal:
        check_purpose(stated, Purpose.PERSONALISED_RECOMMENDATIONS)
    assert (refusal.value.code, refusal.value.extra["rule"]) == ("invalid_scope", "C5")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "1"},
        {"alg": "HS256", "kid": "1"},
        {"alg": "ES256", "kid": "1"},
        {"alg": "ES384"},
        {"alg": "ES384", "kid": 1},
        {"alg": "ES384", "kid": "1", "typ": "at+jwt"},
    ],
)
def test_only_the_algorithms_of_the_profile_and_a_named_key(header: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not an assertion"):
        check_header(header)
