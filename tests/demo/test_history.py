"""The checker sees each anomaly in a history made by hand, and none in a sound one."""

from dataclasses import replace
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.history import Anomaly, Attempt, Decision, Final, History, Kind, Outcome, Received, Release, Sharing
from demo.race_checker import Case, check, wrong_with

BEFORE = Decision("ann", "in-1", Kind.OPT_IN, 3, 1)
OUT = Decision("ann", "out-1", Kind.OPT_OUT, 3, 2)
AGAIN = Decision("ann", "in-2", Kind.OPT_IN, 3, 3)
OPT_OUT = Attempt("ann", Kind.OPT_OUT, 100, 110, Outcome.OK, "out-1", "effective")
OPT_IN_AGAIN = Attempt("ann", Kind.OPT_IN, 200, 210, Outcome.OK, "in-2", on_version=2)
GONE = Final(
    ledger=(BEFORE, OUT),
    sharing={"ann": Sharing(False, 2, "out-1")},
    projected={"ann": Sharing(False, 2)},
    receipts=(("out-1", "export_rows"), ("out-1", "recall_sent")),
    deletions=(("export-1", "Patient/token-1"),),
    recalls=frozenset({"recall-1"}),
    told={"topic": frozenset({"recall-1"}), "webhook": frozenset({"recall-1"})},
)
BACK = Final(
    ledger=(BEFORE, OUT, AGAIN),
    sharing={"ann": Sharing(True, 3, "in-2")},
    projected={"ann": Sharing(True, 3, token="token-2")},
    export_rows={"ann": 4},
    topic={"token-2": "ann"},
    owed=frozenset({"ann"}),
    fresh=frozenset({"ann"}),
    whole={"Patient/token-2": "digest"},
    followed={"Patient/token-2": "digest"},
)


NEVER_LEFT = replace(
    BACK, ledger=(BEFORE,), sharing={"ann": Sharing(True, 1, "in-1")}, projected={"ann": Sharing(True, 1, token="token-2")}
)


def release(started: int, *received: int) -> Release:
    return Release(started, "complete", tuple(Received("ann", at) for at in received))


OPTED_OUT = History((OPT_OUT,), (release(50, 60, 105), release(105, 109)), GONE, (BEFORE,))
OPTED_IN_AGAIN = History((OPT_OUT, OPT_IN_AGAIN), (release(90, 95), release(205, 220)), BACK, (BEFORE,))


def found(history: History) -> set[Anomaly]:
    return {anomaly for anomaly, count in check(history).anomalies.items() if count}


def ended(**changes: object) -> History:
    """Opted out, and something else at the end."""
    return replace(OPTED_OUT, final=replace(GONE, **changes))  # type: ignore[arg-type]


def attempted(*attempts: Attempt, releases: tuple[Release, ...] = ()) -> History:
    return replace(OPTED_OUT, attempts=attempts, releases=releases)


def test_sound_histories_have_no_anomaly() -> None:
    assert found(OPTED_OUT) == set()
    assert found(OPTED_IN_AGAIN) == set()
    assert check(OPTED_OUT).counts["records"] == 3


UNKNOWN = replace(OPT_OUT, outcome=Outcome.UNKNOWN, decision_id=None, status=None)
RECORDED = replace(OPT_OUT, status="recorded")
REPEATED = replace(OPT_OUT, invoked=150, answered=160)
LATE_RETRY = Attempt("ann", Kind.OPT_IN, 300, 310, Outcome.FAIL, "in-1", on_version=0)

SOUND = {
    "an opt-out of unknown outcome was applied": attempted(UNKNOWN),
    "it was not applied": History((UNKNOWN,), (release(200, 210),), NEVER_LEFT, (BEFORE,)),
    "it was, and its repetition was answered": attempted(UNKNOWN, REPEATED),
    "a download begun before was going on when it was recorded": attempted(RECORDED, releases=(release(109, 500),)),
    "a value on the topic before it was effective": attempted(OPT_OUT, releases=(Release(0, "appended", (Received("ann", 109),)),)),
    "a late retry of an old opt-in was refused": replace(OPTED_OUT, attempts=(OPT_OUT, LATE_RETRY)),
    "the opt-in and the record were concurrent": replace(OPTED_IN_AGAIN, releases=(release(150, 201),)),
    "a repeated opt-out moves the version": replace(
        OPTED_OUT, attempts=(OPT_OUT, REPEATED), final=replace(GONE, sharing={"ann": Sharing(False, 3, "out-1")})
    ),
    "an opt-in of unknown outcome explains the state": replace(
        OPTED_IN_AGAIN, attempts=(OPT_OUT, replace(OPT_IN_AGAIN, outcome=Outcome.UNKNOWN))
    ),
}  # fmt: skip


@pytest.mark.parametrize("history", SOUND.values(), ids=SOUND)
def test_what_may_have_been_is_no_anomaly(history: History) -> None:
    assert found(history) == set()


BROKEN = {
    "a release begun after the acknowledgement": (attempted(RECORDED, releases=(release(111, 120),)), {Anomaly.RELEASED_AFTER_OPT_OUT}),
    "a byte after it was effective": (attempted(OPT_OUT, releases=(release(50, 60, 111),)), {Anomaly.BYTE_AFTER_EFFECTIVE}),
    "both at once": (
        attempted(OPT_OUT, releases=(release(111, 120),)),
        {Anomaly.RELEASED_AFTER_OPT_OUT, Anomaly.BYTE_AFTER_EFFECTIVE},
    ),
    "of the time between opt-out and opt-in": (replace(OPTED_IN_AGAIN, releases=(release(150, 160),)), {Anomaly.RELEASED_AFTER_OPT_OUT,
        Anomaly.BYTE_AFTER_EFFECTIVE}),
    "of somebody who never shared": (
        History((), (Release(1, "complete", (Received("bob", 2),)),), Final()),
        {Anomaly.RELEASED_AFTER_OPT_OUT},
    ),
    "a later answer tells that an unanswered opt-out was written": (
        attempted(UNKNOWN, replace(REPEATED, status="recorded"), releases=(release(161, 170),)),
        {Anomaly.RELEASED_AFTER_OPT_OUT},
    ),
    "an acknowledged opt-out is not in the ledger": (
        History((OPT_OUT,), (), replace(GONE, ledger=(BEFORE,), sharing={"ann": Sharing(False, 1, "in-1")}), (BEFORE,)),
        {Anomaly.LOST_DECISION},
    ),
    "and its client was released later": (
        History((OPT_OUT,), (release(150, 160),), NEVER_LEFT, (BEFORE,)),
        {Anomaly.LOST_DECISION, Anomaly.RELEASED_AFTER_OPT_OUT, Anomaly.REVIVED},
    ),
    "a line of before the run is gone": (
        replace(OPTED_OUT, final=replace(GONE, ledger=(OUT,), sharing={"ann": Sharing(False, 1, "out-1")}), releases=()),
        {Anomaly.LOST_DECISION},
    ),
    "an opt-out is answered by an older one": (
        replace(OPTED_IN_AGAIN, attempts=(OPT_OUT, OPT_IN_AGAIN, replace(OPT_OUT, invoked=300, answered=310, status="recorded"))),
        {Anomaly.LOST_DECISION, Anomaly.REVIVED},
    ),
    "an opt-out is answered by an opt-in": (attempted(replace(OPT_OUT, decision_id="in-1"), UNKNOWN), {Anomaly.LOST_DECISION}),
    "consent's state is another": (ended(sharing={"ann": Sharing(False, 2, "in-1")}), {Anomaly.LOST_DECISION}),
    "reporting has not applied it": (ended(projected={"ann": Sharing(True, 1)}), {Anomaly.LOST_DECISION}),
    "the ledger contradicts real time": (
        replace(OPTED_IN_AGAIN, attempts=(replace(OPT_OUT, invoked=300, answered=310), OPT_IN_AGAIN),
                final=replace(BACK), releases=()),
        {Anomaly.REORDERED, Anomaly.LOST_DECISION, Anomaly.REVIVED},
    ),
    "a decision twice in the ledger": (
        ended(
            ledger=(BEFORE, OUT, replace(OUT, position=3)),
            sharing={"ann": Sharing(False, 3, "out-1")},
            projected={"ann": Sharing(False, 3)},
        ),
        {Anomaly.DOUBLE_EFFECT},
    ),
    "a version that counts more than was asked for": (ended(sharing={"ann": Sharing(False, 3, "out-1")}), {Anomaly.DOUBLE_EFFECT}),
    "a receipt twice": (ended(receipts=(("out-1", "export_rows"),) * 2), {Anomaly.DOUBLE_EFFECT}),
    "a deletion twice": (ended(deletions=(("export-1", "token-1"),) * 2), {Anomaly.DOUBLE_EFFECT}),
    "a decision that nobody asked for": (attempted(), {Anomaly.PHANTOM}),
    "a decision that was refused": (attempted(replace(OPT_OUT, outcome=Outcome.FAIL)), {Anomaly.PHANTOM}),
    "more opt-outs than were asked for": (
        History((UNKNOWN,), (), replace(GONE, ledger=(BEFORE, OUT, replace(OUT, decision_id="out-2", position=3)),
            sharing={"ann": Sharing(False, 3, "out-2")}, projected={"ann": Sharing(False, 3)}), (BEFORE,)),
        {Anomaly.PHANTOM},
    ),
    "sharing again without an opt-in": (
        replace(OPTED_OUT, final=replace(GONE, sharing={"ann": Sharing(True, 2, "out-1")})),
        {Anomaly.REVIVED, Anomaly.LOST_DECISION},
    ),
    "an opt-in on an older state": (
        replace(OPTED_IN_AGAIN, attempts=(OPT_OUT, replace(OPT_IN_AGAIN, on_version=1))),
        {Anomaly.REVIVED},
    ),
    "an opt-in that was asked for before the opt-out was repeated": (
        replace(OPTED_IN_AGAIN, attempts=(OPT_OUT, replace(OPT_IN_AGAIN, invoked=140), REPEATED), releases=()),
        {Anomaly.REVIVED},
    ),
    "rows in an export": (ended(export_rows={"ann": 1}), {Anomaly.UNREDACTED}),
    "in a fresh export": (ended(fresh=frozenset({"ann"})), {Anomaly.UNREDACTED}),
    "on the partner topic": (ended(topic={"token-1": "ann"}), {Anomaly.UNREDACTED}),
    "an ended consent's token on the topic": (
        replace(OPTED_IN_AGAIN, final=replace(BACK, topic={"token-1": "ann", "token-2": "ann"})),
        {Anomaly.UNREDACTED},
    ),
    "a value after the tombstone": (ended(risen=frozenset({"token-1"})), {Anomaly.BYTE_AFTER_EFFECTIVE}),
    "not in the accounting": (attempted(OPT_OUT, releases=(Release(1, "complete", (Received(None, 2),)),)), {Anomaly.UNACCOUNTED}),
    "a sink has not answered": (ended(open_receipts=frozenset({"out-1"})), {Anomaly.UNFINISHED}),
    "a sharer is left out": (replace(OPTED_IN_AGAIN, final=replace(BACK, fresh=frozenset())), {Anomaly.WITHHELD}),
    "a sharer is not on the topic": (replace(OPTED_IN_AGAIN, final=replace(BACK, topic={})), {Anomaly.WITHHELD}),
    "a value on the topic after it was effective": (
        attempted(OPT_OUT, releases=(Release(0, "appended", (Received("ann", 111),)),)),
        {Anomaly.BYTE_AFTER_EFFECTIVE},
    ),
    "a follower keeps what is gone": (ended(followed={"Patient/1": "a"}), {Anomaly.DIVERGED}),
    "a follower missed something": (ended(whole={"Patient/1": "a"}), {Anomaly.DIVERGED}),
    "a follower has an old version": (ended(whole={"Patient/1": "b"}, followed={"Patient/1": "a"}), {Anomaly.DIVERGED}),
    "a recall that no webhook told of": (
        ended(recalls=frozenset({"recall-1"}), told={"topic": frozenset({"recall-1"}), "webhook": frozenset()}),
        {Anomaly.UNTOLD},
    ),
    "a webhook that says who is meant": (ended(identified=frozenset({("webhook", "ann")})), {Anomaly.IDENTIFIED}),
}  # fmt: skip


@pytest.mark.parametrize(("history", "expected"), BROKEN.values(), ids=BROKEN)
def test_each_anomaly_is_seen(history: History, expected: set[Anomaly]) -> None:
    assert found(history) == expected


def test_every_anomaly_has_a_history_that_shows_it() -> None:
    assert set.union(*(expected for _, expected in BROKEN.values())) == set(Anomaly)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, int, int]:
    """A client whose decisions were written one after the other, each within its attempt; and any record."""
    written = sorted(draw(st.lists(st.integers(1, 9), unique=True, max_size=4)))
    ledger, attempts = [], []
    for n, moment in enumerate(written):
        kind = draw(st.sampled_from([Kind.OPT_IN, Kind.OPT_OUT]))
        ledger.append(Decision("ann", f"d{n}", kind, 0, n + 1))
        status = draw(st.sampled_from(["recorded", "effective"])) if kind is Kind.OPT_OUT else None
        invoked, answered = draw(st.integers(0, moment)), draw(st.integers(moment, 10))
        attempts.append(Attempt("ann", kind, invoked, answered, Outcome.OK, f"d{n}", status))
    started = draw(st.integers(0, 10))
    return Case("ann", {}, tuple(ledger), tuple(attempts)), started, draw(st.integers(started, 10))


def explained(case: Case, started: int, at: int) -> bool:
    """Brute force: is there a moment for each decision, in the ledger's order and within its attempt, that makes the record sound?"""
    asked = {a.decision_id: a for a in case.attempts}
    for moments in combinations_with_replacement(range(11), len(case.ledger)):
        within = all(asked[d.decision_id].invoked <= t <= asked[d.decision_id].answered for d, t in zip(case.ledger, moments, strict=True))
        if within and any(_covers(case, moments, n, started, at) for n in range(len(case.ledger))):
            return True
    return False


def _covers(case: Case, moments: tuple[int, ...], n: int, started: int, at: int) -> bool:
    """Whether the consent of line n, given at this moment, covers the record."""
    later = [m for m in range(n + 1, len(case.ledger)) if not case.ledger[m].shares]
    ended = moments[later[0]] if later else 99
    still = any(moments[n] <= gated <= ended for gated in range(started, at + 1))
    ends = {case.ledger[m].decision_id for m in later}
    return case.ledger[n].shares and still and not any(a.effective and a.answered < at for a in case.attempts if a.decision_id in ends)


@given(cases())
def test_the_checker_agrees_with_brute_force_on_small_histories(given_case: tuple[Case, int, int]) -> None:
    case, started, at = given_case
    assert (wrong_with(case, started, at) == ()) == explained(case, started, at)
