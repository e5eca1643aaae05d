"""What decisions make of each other: any sequence, by rules alone (invariant 5)."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.consent import Declined, OptedIn, OptedOut
from common.contracts.vocabulary import DEFAULT_CATEGORIES, Category, Channel, Choice, Programme, Sink
from common.problems import Problem
from consent.decisions.rules import DECISION_OF, Asked, Decision, Scope, Sharing, check_scope, decide, opt_out
from consent.notices.rules import Notice, decided_on
from consent.notices.texts import NOTICES
from consent.propagation.rules import STOPS_RELEASE, Receipt, Status, status_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SCOPE = Scope(UUID(int=7), Programme.CARE_CONNECT)
NOTICE = NOTICES[0]


def asked(choice: Choice, on_version: int | None = 0, decision_id: UUID | None = None, **more: object) -> Asked:
    categories = more.get("categories", DEFAULT_CATEGORIES)
    return Asked(choice, NOTICE, categories, on_version, Channel.PORTAL, decision_id or uuid4())  # type: ignore[arg-type]


def after(state: Sharing, event: OptedIn | Declined | OptedOut | None) -> Sharing:
    """What recording it makes of the state (the statement RECORD does the same)."""
    if event is None or (isinstance(event, OptedOut) and state.decision is Decision.OPTED_OUT):
        return state
    return Sharing(SCOPE, state.version + 1, DECISION_OF[type(event)], event.event_id, getattr(event, "categories", ()))


def test_C1_nobody_who_was_never_asked_shares() -> None:
    assert not Sharing(SCOPE).shared


@given(st.lists(st.tuples(st.sampled_from(["opt_in", "late opt_in", "decline", "opt_out"]), st.integers(0, 5)), max_size=12))
def test_invariant_5_only_a_fresh_opt_in_made_on_the_state_as_it_is_opens_sharing(steps: list[tuple[str, int]]) -> None:
    state = Sharing(SCOPE)
    for step, back in steps:
        before = state
        if step == "opt_out":
            state = after(state, opt_out(SCOPE, Channel.PORTAL, uuid4(), NOW))
        else:
            choice = Choice.DECLINE if step == "decline" else Choice.OPT_IN
            version = state.version - back if step == "late opt_in" else state.version
            try:
                state = after(state, decide(state, asked(choice, version), NOW))
            except Problem as problem:
                assert problem.code == "state_changed"
                assert version != before.version
        if state.shared and not before.shared:
            assert step == "opt_in" or back == 0
        if step in ("opt_out", "decline"):
            assert not state.shared
        assert state.version >= before.version


def test_the_same_decision_again_changes_nothing() -> None:
    first = asked(Choice.OPT_IN)
    state = after(Sharing(SCOPE), decide(Sharing(SCOPE), first, NOW))
    assert state.shared
    assert decide(state, first, NOW) is None


def test_C4_declining_what_was_shared_is_an_opt_out_with_everything_that_follows() -> None:
    state = after(Sharing(SCOPE), decide(Sharing(SCOPE), asked(Choice.OPT_IN), NOW))
    assert isinstance(decide(state, asked(Choice.DECLINE, None), NOW), OptedOut)


def test_C17_an_opt_in_to_nothing_is_refused() -> None:
    with pytest.raises(Problem) as refusal:
        decide(Sharing(SCOPE), asked(Choice.OPT_IN, categories=()), NOW)
    assert refusal.value.extra["rule"] == "C17"


def test_C16_session_frequency_is_not_among_the_default_categories() -> None:
    assert Category.SESSION_FREQUENCY not in DEFAULT_CATEGORIES


@pytest.mark.parametrize(("recipient", "purpose"), [("employer", "personalised_health_recommendations"), ("health_plan", "marketing")])
def test_C5_there_is_one_recipient_and_one_purpose(recipient: str, purpose: str) -> None:
    with pytest.raises(Problem, match="recipient_not_allowed"):
        check_scope(recipient, purpose)
    check_scope("health_plan", "personalised_health_recommendations")


def test_C11_only_a_current_notice_in_its_language_can_be_decided_on() -> None:
    assert decided_on(NOTICES, "2026-01", "es").digest != decided_on(NOTICES, "2026-01", "en").digest
    for version, language in (("2025-07", "en"), ("2026-01", "fr"), ("", "")):
        with pytest.raises(Problem, match="notice_not_current"):
            decided_on(NOTICES, version, language)
    assert Notice("x", "en", "text").digest == Notice("y", "es", "text").digest, "the digest is of the text alone"


@given(st.sets(st.sampled_from(list(Sink))))
def test_an_opt_out_is_effective_when_every_sink_that_stops_a_release_has_answered(done: set[Sink]) -> None:
    receipts = [Receipt(sink, NOW, NOW if sink in done else None) for sink in Sink]
    expected = Status.COMPLETE if done == set(Sink) else Status.EFFECTIVE if done >= STOPS_RELEASE else Status.RECORDED
    assert status_of(receipts) is expected


def test_without_any_receipt_place_nothing_is_claimed() -> None:
    assert status_of([]) is Status.RECORDED
