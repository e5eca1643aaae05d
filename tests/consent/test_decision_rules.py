"""What decisions make of each other: any sequence, by rules alone (invariant 5)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.consent import Declined, OnBehalf, OptedIn, OptedOut, SharingNarrowed
from common.contracts.vocabulary import (
    DEFAULT_CATEGORIES,
    AskedBy,
    Category,
    Channel,
    Choice,
    IdentityCheck,
    Programme,
    Sink,
    SuspensionReason,
)
from common.problems import Problem
from consent.decisions.rules import (
    Asked,
    Decision,
    Event,
    Scope,
    Sharing,
    Source,
    after,
    check_repeated,
    check_scope,
    check_staff,
    decide,
    opt_out,
    resume,
    suspend,
    withdraw,
)
from consent.explanations.rules import Reason, explain
from consent.notices.rules import check_decidable, written
from consent.notices.shipped import shipped
from consent.propagation.rules import STOPS_RELEASE, Receipt, Status, status_of

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SCOPE = Scope(UUID(int=7), Programme.CARE_CONNECT)
NOTICE = next(n for n in shipped() if n.effective(NOW))
PORTAL = Source(Channel.PORTAL)
OFFICER = OnBehalf(staff_id=UUID(int=9), asked_by=AskedBy.CLIENT, identity_check=IdentityCheck.NOT_CHECKED)
SOME = st.frozensets(st.sampled_from(list(Category)), min_size=1)


def asked(choice: Choice, on_version: int | None = 0, decision_id: UUID | None = None, **more: object) -> Asked:
    categories = more.get("categories", DEFAULT_CATEGORIES)
    return Asked(choice, NOTICE.digest, categories, on_version, PORTAL, decision_id or uuid4())  # type: ignore[arg-type]


def decided(state: Sharing, wanted: Asked) -> Sharing:
    return follow(state, decide(state, wanted, NOTICE, NOW))


def follow(state: Sharing, events: Sequence[Event]) -> Sharing:
    """What recording them makes of the state (the statement RECORD does the same)."""
    for event in events:
        if not (isinstance(event, OptedOut) and state.decision is Decision.OPTED_OUT):
            state = after(state, event)
    return state


def sharing(*categories: Category) -> Sharing:
    return decided(Sharing(SCOPE), asked(Choice.OPT_IN, categories=categories or DEFAULT_CATEGORIES))


def test_C1_nobody_who_was_never_asked_shares() -> None:
    assert not Sharing(SCOPE).shared


STEPS = ("opt_in", "late opt_in", "decline", "opt_out", "withdraw", "suspend", "resume")


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5), SOME), max_size=14))
def test_invariant_5_only_a_fresh_opt_in_or_the_end_of_a_suspension_opens_sharing(
    steps: list[tuple[str, int, frozenset[Category]]],
) -> None:
    state = Sharing(SCOPE)
    for step, back, categories in steps:
        before, state = state, taken(state, step, back, categories)
        if state.shared and not before.shared:
            assert step in ("opt_in", "late opt_in") or (step == "resume" and before.decision is Decision.SUSPENDED)
        if step == "resume":
            assert set(state.categories) <= set(before.categories)
        if step in ("opt_out", "decline", "suspend"):
            assert not state.shared
        if step == "withdraw":
            assert not set(state.categories) & categories
            assert state.shared <= before.shared, "withdrawing revives nothing"
        assert state.version >= before.version


def taken(state: Sharing, step: str, back: int, categories: frozenset[Category]) -> Sharing:
    match step:
        case "opt_out":
            return follow(state, [opt_out(SCOPE, PORTAL, uuid4(), NOW)])
        case "withdraw":
            return follow(state, withdraw(state, categories, PORTAL, uuid4(), NOW))
        case "suspend":
            return follow(state, suspend(state, SuspensionReason.UNCLEAR_MAIL, uuid4(), uuid4(), NOW))
        case "resume":
            return follow(state, resume(state, OFFICER, uuid4(), NOW))
    version = state.version - back if step == "late opt_in" else state.version
    choice = Choice.DECLINE if step == "decline" else Choice.OPT_IN
    try:
        return decided(state, asked(choice, version, categories=tuple(categories)))
    except Problem as problem:
        assert problem.code == "state_changed"
        assert version != state.version
        return state


def test_the_same_decision_again_changes_nothing() -> None:
    first = asked(Choice.OPT_IN)
    state = decided(Sharing(SCOPE), first)
    assert state.shared
    assert check_repeated(first, OptedIn.type, state)


@pytest.mark.parametrize(
    ("choice", "recorded_as"),
    [(Choice.OPT_IN, OptedOut.type), (Choice.DECLINE, OptedIn.type), (Choice.DECLINE, ""), (Choice.OPT_IN, "")],
)
def test_C4_an_id_of_another_decision_is_refused_and_not_taken_for_a_repetition(choice: Choice, recorded_as: str) -> None:
    with pytest.raises(Problem, match="already_exists"):
        check_repeated(asked(choice), recorded_as, sharing())


def test_C4_a_late_repetition_of_a_decline_changes_nothing_and_of_an_overtaken_opt_in_is_refused() -> None:
    for closing in (Declined.type, OptedOut.type):
        assert check_repeated(asked(Choice.DECLINE), closing, sharing())
    with pytest.raises(Problem, match="already_exists"):
        check_repeated(asked(Choice.OPT_IN), OptedIn.type, sharing())


def test_C4_declining_what_was_shared_is_an_opt_out_with_everything_that_follows() -> None:
    (event,) = decide(sharing(), asked(Choice.DECLINE, None), NOTICE, NOW)
    assert isinstance(event, OptedOut)


@given(SOME, SOME)
def test_C17_an_opt_in_that_leaves_something_out_withdraws_it_before(held: frozenset[Category], wanted: frozenset[Category]) -> None:
    state = sharing(*held)
    events = decide(state, asked(Choice.OPT_IN, state.version, categories=tuple(wanted)), NOTICE, NOW)
    kinds = [type(event) for event in events]
    left_out = held - wanted
    assert kinds == ([OptedOut, OptedIn] if left_out == held else [SharingNarrowed, OptedIn] if left_out else [OptedIn])
    assert set(follow(state, events).categories) == wanted
    assert len({event.event_id for event in events}) == len(events)


@given(SOME, SOME)
def test_C17_withdrawing_leaves_the_rest_and_with_the_last_category_it_is_an_opt_out(
    held: frozenset[Category], withdrawn: frozenset[Category]
) -> None:
    state = sharing(*held)
    events = withdraw(state, withdrawn, PORTAL, uuid4(), NOW)
    assert [type(event) for event in events] == ([] if not held & withdrawn else [OptedOut] if held <= withdrawn else [SharingNarrowed])
    assert set(follow(state, events).categories) == held - withdrawn
    assert withdraw(Sharing(SCOPE), withdrawn, PORTAL, uuid4(), NOW) == []


def test_C4_only_what_is_shared_is_suspended_and_only_what_is_suspended_goes_on() -> None:
    declined = decided(Sharing(SCOPE), asked(Choice.DECLINE))
    for state in (Sharing(SCOPE), declined, follow(sharing(), [opt_out(SCOPE, PORTAL, uuid4(), NOW)])):
        assert suspend(state, SuspensionReason.UNCLEAR_MAIL, uuid4(), uuid4(), NOW) == []
        assert resume(state, OFFICER, uuid4(), NOW) == []
    assert resume(sharing(), OFFICER, uuid4(), NOW) == []


@pytest.mark.parametrize("check", [None, IdentityCheck.NOT_CHECKED])
def test_C4_nobody_opens_sharing_for_somebody_whose_identity_was_not_checked(check: IdentityCheck | None) -> None:
    on_behalf = OFFICER if check else None
    with pytest.raises(Problem, match="identity_not_checked"):
        check_staff(on_behalf, opening=True)
    check_staff(on_behalf, opening=False)
    check_staff(OFFICER.model_copy(update={"identity_check": IdentityCheck.GOVERNMENT_ID}), opening=True)


def test_C17_an_opt_in_to_nothing_is_refused() -> None:
    with pytest.raises(Problem) as refusal:
        decide(Sharing(SCOPE), asked(Choice.OPT_IN, categories=()), NOTICE, NOW)
    assert refusal.value.extra["rule"] == "C17"


def test_C16_session_frequency_is_not_among_the_default_categories() -> None:
    assert Category.SESSION_FREQUENCY not in DEFAULT_CATEGORIES


@pytest.mark.parametrize(("recipient", "purpose"), [("employer", "personalised_health_recommendations"), ("health_plan", "marketing")])
def test_C5_there_is_one_recipient_and_one_purpose(recipient: str, purpose: str) -> None:
    with pytest.raises(Problem, match="recipient_not_allowed"):
        check_scope(recipient, purpose)
    check_scope("health_plan", "personalised_health_recommendations")


def test_C11_only_a_notice_of_the_programme_that_is_in_effect_can_be_decided_on() -> None:
    other = next(n for n in shipped() if n.programme is Programme.EWS and n.effective(NOW))
    withdrawn = next(n for n in shipped() if n.withdrawn_at is not None)
    future = written(Programme.CARE_CONNECT, "x", "en", "text", effective_from=datetime(2027, 1, 1, tzinfo=UTC))
    for notice in (None, other, withdrawn, future):
        with pytest.raises(Problem, match="notice_not_current"):
            check_decidable(notice, Programme.CARE_CONNECT, NOW)
    assert check_decidable(NOTICE, Programme.CARE_CONNECT, NOW) is NOTICE


def test_C11_no_two_notices_have_the_same_text() -> None:
    assert len({n.digest for n in shipped()}) == len(shipped())


@given(SOME, st.sampled_from(list(Category)))
def test_C1_C16_C17_the_explanation_says_shared_exactly_where_it_is(held: frozenset[Category], category: Category) -> None:
    state = sharing(*held)
    assert explain(state, "health_plan", category).shared is (category in held)
    suspended = follow(state, suspend(state, SuspensionReason.UNCLEAR_MAIL, uuid4(), uuid4(), NOW))
    for unshared in (Sharing(SCOPE), suspended, follow(state, [opt_out(SCOPE, PORTAL, uuid4(), NOW)])):
        assert not explain(unshared, "health_plan", category).shared
    assert explain(state, "employer", category).reason is Reason.NEVER_A_RECIPIENT


@given(st.sets(st.sampled_from(list(Sink))))
def test_an_opt_out_is_effective_when_every_sink_that_stops_a_release_has_answered(done: set[Sink]) -> None:
    receipts = [Receipt(sink, NOW, NOW if sink in done else None) for sink in Sink]
    expected = Status.COMPLETE if done == set(Sink) else Status.EFFECTIVE if done >= STOPS_RELEASE else Status.RECORDED
    assert status_of(receipts) is expected


def test_C9_an_opt_out_is_complete_by_the_places_that_it_has_and_not_by_a_sink_that_came_later() -> None:
    places = [sink for sink in Sink if sink is not Sink.RECALL_ATTESTED]
    for waits, expected in ((None, Status.COMPLETE), (Sink.RECALL_ACKNOWLEDGED, Status.EFFECTIVE), (Sink.RECALL_SENT, Status.RECORDED)):
        assert status_of([Receipt(sink, NOW, None if sink is waits else NOW) for sink in places]) is expected
    assert status_of([Receipt(Sink.EXPORT_ROWS, NOW, NOW)]) is Status.RECORDED, "without the places that stop a release nothing is claimed"


def test_without_any_receipt_place_nothing_is_claimed() -> None:
    assert status_of([]) is Status.RECORDED
