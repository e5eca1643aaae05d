"""S3: each requirement by itself, at the edges of its dates."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.vocabulary import Programme
from scheduling.providers.record import Provider
from scheduling.providers.requirements import Unmet, unmet
from scheduling.providers.vocabulary import ELIGIBLE_DEGREES, TERMS
from tests.scheduling.providers.made import (
    CARE_CONNECT,
    EWS,
    JOINED,
    NOW,
    OTHER_PLAN,
    PLAN,
    TODAY,
    credential,
    credentials,
    days,
    licence,
    licences,
    providers,
    whole,
)

DAY = timedelta(days=1)


def judged(provider: Provider, state: str | None = "MA", plan: UUID | None = PLAN, today: date = TODAY) -> list[Unmet]:
    return unmet(provider, CARE_CONNECT, state, plan, today)


def codes(provider: Provider, state: str | None = "MA", plan: UUID | None = PLAN, today: date = TODAY) -> list[str]:
    return [found.code for found in judged(provider, state, plan, today)]


@pytest.mark.parametrize("degree", ELIGIBLE_DEGREES)
def test_S3_a_provider_who_meets_all_of_it_may_be_asked(degree: str) -> None:
    assert codes(whole(degree=degree)) == []


@pytest.mark.parametrize(
    ("change", "code", "rule"),
    [
        ({"degree": "bachelors"}, "degree_not_eligible", "S3"),
        ({"degree": "medical_doctor"}, "degree_not_eligible", "S3"),
        ({"virtual_care": False}, "no_virtual_care", "S3"),
        ({"manages_in_portal": False}, "not_managed_in_portal", "S3"),
        ({"licences": ()}, "not_licensed", "S3"),
        ({"licences": (licence("NY"),)}, "not_licensed", "S3"),
        ({"licences": (licence(kind="pre_licensed"),)}, "licence_pre_licensed", "S3"),
        ({"licences": (licence(kind="limited"),)}, "licence_limited", "S3"),
        ({"licences": (licence(expires_on=TODAY - DAY),)}, "licence_expired", "S3"),
        ({"credentials": ()}, "not_credentialed", "S3"),
        ({"credentials": (credential(OTHER_PLAN),)}, "not_credentialed", "S3"),
        ({"credentials": (credential(ours=False),)}, "not_under_network_tax_id", "S3"),
        ({"credentials": (credential(starts_on=TODAY + DAY),)}, "credential_not_yet", "S3"),
        ({"credentials": (credential(ends_on=TODAY - DAY),)}, "credential_ended", "S3"),
        ({"insurance_departure_on": TODAY - DAY}, "left_insurance_programme", "S4"),
        ({"participations": ()}, "not_participating", "S3"),
        ({"participations": (JOINED.model_copy(update={"programme": EWS}),)}, "not_participating", "S3"),
        ({"participations": (JOINED.model_copy(update={"left_at": NOW}),)}, "left_programme", "S4"),
        *(
            ({"participations": (JOINED.model_copy(update={"agreed": (*set(TERMS) - {term},)}),)}, "terms_not_agreed", term)
            for term in TERMS
        ),
    ],
)
def test_S3_each_requirement_that_is_not_met_is_named_with_its_rule(change: dict[str, Any], code: str, rule: str) -> None:
    (found,) = judged(whole(**change))
    assert (found.code, found.rule) == (code, rule)
    assert len(found.detail) > 20


def test_S3_a_pre_licensed_provider_is_not_listed_and_is_told_why() -> None:
    (found,) = judged(whole(licences=(licence(kind="pre_licensed"),), supervised=True))
    assert "Pre-licensed in MA" in found.detail


def test_S3_a_fully_licensed_provider_may_practise_under_supervision() -> None:
    assert codes(whole(supervised=True)) == []


@pytest.mark.parametrize(("days_after", "expected"), [(-1, []), (0, []), (1, ["licence_expired"])])
def test_S3_a_licence_is_good_on_its_last_day_and_not_on_the_day_after(days_after: int, expected: list[str]) -> None:
    assert codes(whole(licences=(licence(expires_on=TODAY),)), today=TODAY + days_after * DAY) == expected


@pytest.mark.parametrize(("days_after", "expected"), [(-1, ["credential_not_yet"]), (0, []), (1, [])])
def test_S3_a_credential_counts_from_its_first_day_on(days_after: int, expected: list[str]) -> None:
    assert codes(whole(credentials=(credential(starts_on=TODAY),)), today=TODAY + days_after * DAY) == expected


@pytest.mark.parametrize(("days_after", "expected"), [(-1, []), (0, []), (1, ["credential_ended"])])
def test_S3_a_credential_counts_on_its_last_day_and_not_on_the_day_after(days_after: int, expected: list[str]) -> None:
    assert codes(whole(credentials=(credential(ends_on=TODAY),)), today=TODAY + days_after * DAY) == expected


def test_S3_without_a_state_or_a_plan_any_of_them_will_do() -> None:
    there = whole(licences=(licence("NY"),), credentials=(credential(OTHER_PLAN),))
    assert codes(there, None, None) == []
    assert codes(there) == ["not_licensed", "not_credentialed"]


def test_S3_everything_that_is_missing_is_said_at_once() -> None:
    nothing = Provider(provider_id=UUID(int=7), name="New", state="MA", degree="bachelors")
    assert codes(nothing) == [
        "degree_not_eligible",
        "no_virtual_care",
        "not_managed_in_portal",
        "not_licensed",
        "not_credentialed",
        "not_participating",
    ]


def test_S4_a_credential_that_begins_after_the_insurance_programme_was_left_counts_anew() -> None:
    left = whole(insurance_departure_on=TODAY - 10 * DAY, credentials=(credential(), credential(starts_on=TODAY - 5 * DAY)))
    assert codes(left) == []
    assert codes(left, today=TODAY - 6 * DAY) == ["left_insurance_programme"]


@given(providers, licences, credentials, days, st.sampled_from(Programme))
def test_S3_one_more_licence_or_credential_never_takes_anything_away(
    provider: Provider, one: Any, other: Any, today: date, programme: Programme
) -> None:
    more = provider.model_copy(update={"licences": (*provider.licences, one), "credentials": (*provider.credentials, other)})
    assert len(unmet(more, programme, "MA", PLAN, today)) <= len(unmet(provider, programme, "MA", PLAN, today))


@given(providers, days, st.sampled_from(Programme))
def test_S3_who_may_be_asked_in_a_state_with_a_plan_meets_it_in_some_state_with_some_plan(
    provider: Provider, today: date, programme: Programme
) -> None:
    if not unmet(provider, programme, "MA", PLAN, today):
        assert not unmet(provider, programme, None, None, today)
