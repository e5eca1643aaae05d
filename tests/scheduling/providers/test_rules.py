"""S3, S4: joining, leaving, notice, and who may change what."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.problems import Problem
from scheduling.providers import rules
from scheduling.providers.record import Provider, ProviderRecord
from scheduling.providers.requirements import unmet
from scheduling.providers.vocabulary import TERMS
from tests.scheduling.providers.made import CARE_CONNECT, EWS, JOINED, NOW, PLAN, TODAY, credential, licence, terms, whole

DAY = timedelta(days=1)


def outside(**changes: Any) -> Provider:
    return whole(participations=(), **changes)


def record(provider: Provider, **changes: Any) -> ProviderRecord:
    return ProviderRecord(**{name: getattr(provider, name) for name in ProviderRecord.model_fields} | changes)


def test_S3_who_meets_the_requirements_and_agrees_to_all_terms_is_in() -> None:
    joined = rules.join(outside(), terms(), NOW)
    assert rules.current(joined, CARE_CONNECT) is not None
    assert unmet(joined, CARE_CONNECT, "MA", PLAN, TODAY) == []
    assert rules.current(joined, EWS) is None


def test_S3_joining_is_refused_with_everything_that_is_not_met() -> None:
    with pytest.raises(Problem) as refused:
        rules.join(outside(licences=(licence(kind="limited"),), virtual_care=False), terms(agreed=("S7", "A1")), NOW)
    assert refused.value.code == "requirement_not_met"
    found = [(each["code"], each["rule"]) for each in refused.value.extra["unmet"]]
    assert found == [("no_virtual_care", "S3"), ("licence_limited", "S3"), ("terms_not_agreed", "S8"), ("terms_not_agreed", "A3")]


@pytest.mark.parametrize("missing", TERMS)
def test_S3_each_of_the_four_terms_has_to_be_agreed_to(missing: str) -> None:
    with pytest.raises(Problem) as refused:
        rules.join(outside(), terms(agreed=tuple(term for term in TERMS if term != missing)), NOW)
    assert refused.value.extra["rule"] == missing


def test_S3_the_terms_agreed_to_are_the_ones_of_today() -> None:
    with pytest.raises(Problem) as refused:
        rules.join(outside(), terms(version="2024-01"), NOW)
    assert refused.value.extra["field"] == "terms_version"


def test_S3_whoever_is_in_keeps_the_terms_of_that_day() -> None:
    there = whole()
    assert rules.join(there, terms(version="2024-01"), NOW) is there


def test_S3_joining_is_judged_on_the_day_it_is_where_the_provider_is() -> None:
    late = datetime(2026, 3, 3, 4, tzinfo=UTC)  # still 2 March in Massachusetts, and 11 pm
    assert rules.join(outside(licences=(licence(expires_on=TODAY),)), terms(), late)
    with pytest.raises(Problem):
        rules.join(outside(licences=(licence(expires_on=TODAY),), zone="Europe/Berlin"), terms(), late)


def test_S4_a_provider_leaves_the_programme_at_once() -> None:
    left = rules.leave(whole(), CARE_CONNECT, NOW)
    assert [found.code for found in unmet(left, CARE_CONNECT, "MA", PLAN, TODAY)] == ["left_programme"]


def test_S4_leaving_one_programme_leaves_the_other_alone() -> None:
    both = rules.join(whole(), terms(EWS), NOW)
    left = rules.leave(both, CARE_CONNECT, NOW)
    assert unmet(left, EWS, "MA", PLAN, TODAY) == []


def test_S4_leaving_twice_keeps_the_first_time() -> None:
    left = rules.leave(whole(), CARE_CONNECT, NOW)
    assert rules.leave(left, CARE_CONNECT, NOW + DAY) == left


def test_S4_who_left_may_come_back() -> None:
    back = rules.join(rules.leave(whole(), CARE_CONNECT, NOW), terms(), NOW + DAY)
    assert unmet(back, CARE_CONNECT, "MA", PLAN, TODAY) == []
    assert len(back.participations) == 2


def test_S4_who_has_never_been_in_cannot_leave() -> None:
    with pytest.raises(Problem) as refused:
        rules.leave(whole(), EWS, NOW)
    assert refused.value.code == "not_found"


@pytest.mark.parametrize(("days_after", "listed"), [(0, True), (29, True), (30, True), (31, False)])
def test_S4_leaving_the_insurance_programme_takes_thirty_days(days_after: int, listed: bool) -> None:
    leaving = rules.give_notice(whole(), TODAY)
    assert leaving.insurance_departure_on == date(2026, 4, 1)
    assert (unmet(leaving, CARE_CONNECT, "MA", PLAN, TODAY + days_after * DAY) == []) is listed


def test_S4_giving_notice_again_moves_nothing() -> None:
    leaving = rules.give_notice(whole(), TODAY)
    assert rules.give_notice(leaving, TODAY + 30 * DAY) is leaving


def test_S4_notice_may_be_withdrawn_until_it_has_taken_effect() -> None:
    leaving = rules.give_notice(whole(), TODAY)
    stays = rules.withdraw_notice(leaving, TODAY + 30 * DAY)
    assert unmet(stays, CARE_CONNECT, "MA", PLAN, TODAY + 90 * DAY) == []
    with pytest.raises(Problem) as refused:
        rules.withdraw_notice(leaving, TODAY + 31 * DAY)
    assert (refused.value.code, refused.value.extra["rule"]) == ("wrong_state", "S4")


def test_S4_withdrawing_no_notice_changes_nothing() -> None:
    there = whole()
    assert rules.withdraw_notice(there, TODAY) is there


def test_S4_a_second_notice_brings_nothing_back_to_life_that_the_first_one_ended() -> None:
    left = rules.give_notice(whole(), TODAY)
    back = left.model_copy(update={"credentials": (*left.credentials, credential(starts_on=TODAY + 60 * DAY, ends_on=TODAY + 70 * DAY))})
    again = rules.give_notice(back, TODAY + 65 * DAY)
    assert unmet(again, CARE_CONNECT, "MA", PLAN, TODAY + 70 * DAY) == []
    assert unmet(again, CARE_CONNECT, "MA", PLAN, TODAY + 71 * DAY) != []


def test_a_record_that_has_changed_since_is_not_written_over() -> None:
    there = whole(version=3)
    with pytest.raises(Problem) as refused:
        rules.rewrite(there, record(there), 2, by_themselves=False)
    assert refused.value.code == "state_changed"
    assert rules.rewrite(there, record(there, profile="Hello"), 3, by_themselves=False).version == 4


@pytest.mark.parametrize(
    "change",
    [
        {"degree": "psychology_doctorate"},
        {"licences": (licence("NY"), licence())},
        {"credentials": ()},
        {"supervised": True},
        {"name": "Somebody else"},
    ],
)
def test_S3_a_provider_cannot_change_what_operations_have_verified(change: dict[str, Any]) -> None:
    there = whole()
    with pytest.raises(Problem) as refused:
        rules.rewrite(there, record(there, **change), 1, by_themselves=True)
    assert (refused.value.code, refused.value.extra["field"]) == ("forbidden", next(iter(change)))
    assert rules.rewrite(there, record(there, **change), 1, by_themselves=False)


def test_a_provider_changes_the_own_profile_and_the_programmes_stay() -> None:
    changed = rules.rewrite(whole(), record(whole(), profile="Hello", languages=("es",), accepting_clients=False), 1, by_themselves=True)
    assert (changed.profile, changed.languages, changed.accepting_clients) == ("Hello", ("es",), False)
    assert changed.participations == (JOINED,)


@pytest.mark.parametrize(
    ("zone", "licences", "expected"),
    [
        (None, (licence("HI"), licence()), "Pacific/Honolulu"),
        (None, (), "America/New_York"),
        ("America/Chicago", (licence("HI"),), "America/Chicago"),
    ],
)
def test_the_zone_is_the_providers_own_or_that_of_the_first_licence(zone: str | None, licences: Any, expected: str) -> None:
    assert rules.placed(whole(zone=zone, licences=licences)).zone == expected


@pytest.mark.parametrize("change", [{"zone": "Mars/Olympus"}, {"state": "ZZ"}, {"licences": (licence("QQ"),)}])
def test_a_place_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        rules.placed(whole(**change))


@given(st.lists(st.tuples(st.sampled_from(["join", "leave", "notice", "withdraw"]), st.integers(0, 20)), max_size=12))
def test_S4_whatever_a_provider_does_in_whatever_order_at_most_one_participation_is_open(steps: list[tuple[str, int]]) -> None:
    provider, now = whole(), NOW
    for step, later in steps:
        now += later * DAY
        try:
            match step:
                case "join":
                    provider = rules.join(provider, terms(), now)
                case "leave":
                    provider = rules.leave(provider, CARE_CONNECT, now)
                case "notice":
                    provider = rules.give_notice(provider, provider.today(now))
                case _:
                    provider = rules.withdraw_notice(provider, provider.today(now))
        except Problem as refused:
            assert refused.code in ("requirement_not_met", "wrong_state")
        assert sum(joined.left_at is None for joined in provider.participations) <= 1
