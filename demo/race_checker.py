"""The checker of recorded histories: finds what must never be. Pure: standard library only, no clock, no I/O.

It judges each client alone and trusts nobody: what was answered over HTTP, the ledger, and what the recipient received must be explained
by one order of decisions that agrees with real time. A doubt about an order counts for the system, a doubt about a record never arises:
a record is sound only if some consent covers it that was not acknowledged as ended when its release began, and not answered as
effectively ended when its last byte was there. An opt-out wins every tie (invariant 5).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from demo.history import Anomaly, Attempt, Client, Decision, Final, History, Kind, Outcome, Report, Sharing, Violation

NEVER = 2**63
"""Later than every time."""
EARLIER = -1
"""Before the run."""


def check(history: History) -> Report:
    """Everything that is wrong with it, and how much there was to look at."""
    cases = _cases(history)
    violations = [
        *(found for case in cases.values() for judge in JUDGES for found in judge(case, history.final)),
        *_releases(history, cases),
        *_twice(history.final),
        *_topic(history.final, cases),
        *_followed(history.final),
        *_told(history.final),
    ]
    return Report(tuple(violations), _counts(history))


@dataclass(frozen=True)
class Case:
    """What the history says of one client; lines of the ledger are numbered from 0."""

    client: Client
    before: dict[str, Decision]
    ledger: tuple[Decision, ...]
    attempts: tuple[Attempt, ...]
    repeated_before: int = 0
    """How far the version was ahead of the ledger when the run began."""

    @property
    def shares(self) -> bool:
        return bool(self.ledger) and self.ledger[-1].shares

    @cached_property
    def line(self) -> dict[str | None, int]:
        return {decision.decision_id: n for n, decision in enumerate(self.ledger)}

    @cached_property
    def written_from(self) -> list[int]:
        """For each line the earliest time at which it can have been written: not before those that precede it."""
        times: list[int] = []
        for decision in self.ledger:
            times.append(max(self.asked(decision), times[-1] if times else EARLIER))
        return times

    @cached_property
    def written_by(self) -> list[int]:
        """For each line the time by which it was known to be written: the answer to a later one says so as well."""
        return self._first([a for a in self.attempts if a.outcome is Outcome.OK], EARLIER)

    @cached_property
    def effective_by(self) -> list[int]:
        """For each line the time by which nothing of an earlier consent leaves any more."""
        return self._first([a for a in self.attempts if a.effective], NEVER)

    def asked(self, decision: Decision) -> int:
        """The earliest invocation that can have written it."""
        if decision.decision_id in self.before:
            return EARLIER
        return min((a.invoked for a in self.attempts if _can_have_written(a, decision)), default=EARLIER)

    def _first(self, answers: Iterable[Attempt], of_before: int) -> list[int]:
        times = [of_before if decision.decision_id in self.before else NEVER for decision in self.ledger]
        for answer in answers:
            n = self.line.get(answer.decision_id)
            if n is not None:
                times[n] = min(times[n], answer.answered)
        for n in reversed(range(len(times) - 1)):
            times[n] = min(times[n], times[n + 1])
        return times


def _can_have_written(attempt: Attempt, decision: Decision) -> bool:
    """An opt-out that was not answered can have written any: its id was given by the service."""
    if attempt.outcome is Outcome.FAIL:
        return False
    unnamed = attempt.kind is Kind.OPT_OUT and attempt.outcome is Outcome.UNKNOWN
    return attempt.decision_id == decision.decision_id or (unnamed and decision.kind is Kind.OPT_OUT)


def _cases(history: History) -> dict[Client, Case]:
    before, ledger, attempts = defaultdict(dict), defaultdict(list), defaultdict(list)  # type: ignore[var-annotated]
    for decision in history.before:
        before[decision.client][decision.decision_id] = decision
    for decision in history.final.ledger:
        ledger[decision.client].append(decision)
    for attempt in history.attempts:
        attempts[attempt.client].append(attempt)
    clients = {*before, *ledger, *attempts, *history.final.sharing, *history.final.export_rows}
    ahead = {client: max(0, history.versions.get(client, 0) - len(before[client])) for client in clients}
    return {
        c: Case(c, before[c], tuple(sorted(ledger[c], key=lambda d: d.position)), tuple(attempts[c]), ahead[c]) for c in sorted(clients)
    }


def _lost(case: Case, final: Final) -> Iterator[Violation]:
    for decision in case.before.values():
        if decision not in case.ledger:
            yield Violation(Anomaly.LOST_DECISION, case.client, f"{decision.decision_id} was in the ledger")
    for attempt in case.attempts:
        if attempt.outcome is Outcome.OK and (why := _not_kept(case, attempt)):
            yield Violation(Anomaly.LOST_DECISION, case.client, f"{attempt.kind} answered as {attempt.decision_id}: {why}")
    if case.ledger:
        last = case.ledger[-1]
        kept, seen = final.sharing.get(case.client), final.projected.get(case.client)
        if kept is None or (kept.shared, kept.decision_id) != (last.shares, last.decision_id):
            yield Violation(Anomaly.LOST_DECISION, case.client, f"consent's state is {kept}, not {last}")
        if seen is None or (seen.shared, seen.version) != (last.shares, last.position):
            yield Violation(Anomaly.LOST_DECISION, case.client, f"reporting's state is {seen}, not {last}")


def _not_kept(case: Case, attempt: Attempt) -> str | None:
    n = case.line.get(attempt.decision_id)
    if n is None:
        return "not in the ledger"
    if attempt.kind is not Kind.OPT_IN and case.ledger[n].shares:
        return "the ledger says that it is an opt-in"
    if n + 1 < len(case.ledger) and case.written_by[n + 1] < attempt.invoked:
        return "another decision was acknowledged before it was asked for"
    return None


def _reordered(case: Case, _final: Final) -> Iterator[Violation]:
    for n, decision in enumerate(case.ledger):
        if case.asked(decision) > case.written_by[n]:
            yield Violation(Anomaly.REORDERED, case.client, f"{decision} stands before one that was acknowledged earlier")


def _phantom(case: Case, _final: Final) -> Iterator[Violation]:
    fresh = [decision for decision in case.ledger if decision.decision_id not in case.before]
    for decision in fresh:
        if not any(_can_have_written(attempt, decision) for attempt in case.attempts):
            yield Violation(Anomaly.PHANTOM, case.client, f"nobody asked for {decision}")
    named = {attempt.decision_id for attempt in case.attempts if attempt.outcome is not Outcome.FAIL}
    unnamed = [decision for decision in fresh if decision.kind is Kind.OPT_OUT and decision.decision_id not in named]
    unknown = sum(attempt.kind is Kind.OPT_OUT and attempt.outcome is Outcome.UNKNOWN for attempt in case.attempts)
    if len(unnamed) > unknown > 0:
        yield Violation(Anomaly.PHANTOM, case.client, f"{len(unnamed)} opt-outs nobody knows of, {unknown} can have been asked for")


def _revived(case: Case, final: Final) -> Iterator[Violation]:
    opt_ins = [a for a in case.attempts if a.kind is Kind.OPT_IN and a.outcome is not Outcome.FAIL]
    outs = [a for a in case.attempts if a.kind is Kind.OPT_OUT and a.outcome is Outcome.OK]
    for n, decision in enumerate(case.ledger):
        versions = {a.on_version for a in opt_ins if a.decision_id == decision.decision_id and a.on_version is not None}
        if versions and max(versions) < n:
            yield Violation(Anomaly.REVIVED, case.client, f"{decision} was made on version {versions}, not {n}")
        before = case.ledger[n - 1].decision_id if n else None
        if decision.shares and any(a.decision_id == before and a.invoked > case.asked(decision) for a in outs):
            yield Violation(Anomaly.REVIVED, case.client, f"{decision} came late and undid an opt-out that was asked for after it")
    if final.sharing.get(case.client, Sharing(False, 0)).shared:
        last = max((a.answered if a.outcome is Outcome.OK else NEVER for a in opt_ins), default=EARLIER)
        if any(a.invoked > last for a in outs):
            yield Violation(Anomaly.REVIVED, case.client, "shares after an opt-out, and no opt-in came later")


def _repeated(case: Case) -> int:
    """How many opt-outs can have come when one stood already: these move the version, not the ledger."""
    asked = sum(a.kind is Kind.OPT_OUT and a.outcome is not Outcome.FAIL for a in case.attempts)
    return case.repeated_before + max(0, asked - sum(d.kind is Kind.OPT_OUT and d.decision_id not in case.before for d in case.ledger))


def _state(case: Case, final: Final) -> Iterator[Violation]:
    kept, repeated = final.sharing.get(case.client), _repeated(case)
    if kept and not 0 <= kept.version - len(case.ledger) <= repeated:
        about = f"version {kept.version} after {len(case.ledger)} decisions and at most {repeated} repetitions"
        yield Violation(Anomaly.DOUBLE_EFFECT, case.client, about)
    rows = final.export_rows.get(case.client, 0)
    if rows and not case.shares:
        yield Violation(Anomaly.UNREDACTED, case.client, f"{rows} rows in exports")
    if case.client in final.fresh and not case.shares:
        yield Violation(Anomaly.UNREDACTED, case.client, "in an export made at the end")
    if case.shares and case.client in final.owed - final.fresh:
        yield Violation(Anomaly.WITHHELD, case.client, "shares, and is not in an export made at the end")
    if case.shares and case.client in final.owed - set(final.topic.values()):
        yield Violation(Anomaly.WITHHELD, case.client, "shares, and is not on the partner topic at the end")
    for decision in case.ledger:
        if decision.decision_id in final.open_receipts:
            yield Violation(Anomaly.UNFINISHED, case.client, f"{decision} has not reached every sink")


JUDGES: tuple[Callable[[Case, Final], Iterator[Violation]], ...] = (_lost, _reordered, _phantom, _revived, _state)


def _releases(history: History, cases: dict[Client, Case]) -> Iterator[Violation]:
    for release in history.releases:
        for record in release.records:
            if record.client is None:
                yield Violation(Anomaly.UNACCOUNTED, release.path, "a record that is not in the accounting of disclosures")
            else:
                case = cases.get(record.client) or Case(record.client, {}, (), ())
                for anomaly in wrong_with(case, release.started, record.at):
                    yield Violation(anomaly, record.client, f"{release.path}, begun at {release.started}, received at {record.at}")


def wrong_with(case: Case, started: int, at: int) -> tuple[Anomaly, ...]:
    """What is wrong with a record of this client in a release begun then, whose last byte came then. Some consent must cover it."""
    found: tuple[Anomaly, ...] = (Anomaly.RELEASED_AFTER_OPT_OUT,)
    if _vanished(case, started, at):
        return found
    for n, decision in enumerate(case.ledger):
        if not decision.shares or case.written_from[n] > at:
            continue
        end = next((m for m in range(n + 1, len(case.ledger)) if not case.ledger[m].shares), None)
        if end is None:
            return ()
        ended, effective = case.written_by[end] < started, case.effective_by[end] < at
        if not ended and not effective:
            return ()
        found = (Anomaly.RELEASED_AFTER_OPT_OUT,) * ended + (Anomaly.BYTE_AFTER_EFFECTIVE,) * effective
    return found


def _vanished(case: Case, started: int, at: int) -> bool:
    """An opt-out was acknowledged before, is not in the ledger, and no opt-in can have come in between."""
    outs = [a for a in case.attempts if a.kind is Kind.OPT_OUT and a.outcome is Outcome.OK and a.decision_id not in case.line]
    opt_ins = [a for a in case.attempts if a.kind is Kind.OPT_IN and a.outcome is not Outcome.FAIL and a.invoked <= at]
    since = max((a.answered if a.outcome is Outcome.OK else NEVER for a in opt_ins), default=EARLIER)
    return any(since < a.invoked and a.answered < started for a in outs)


def _twice(final: Final) -> Iterator[Violation]:
    lines = Counter(decision.decision_id for decision in final.ledger)
    for what, counted in (("ledger", lines), ("receipt", Counter(final.receipts)), ("deletion", Counter(final.deletions))):
        for about, times in counted.items():
            if times > 1:
                yield Violation(Anomaly.DOUBLE_EFFECT, str(about), f"{times} times as a {what}")


def _topic(final: Final, cases: dict[Client, Case]) -> Iterator[Violation]:
    for token, client in final.topic.items():
        current = final.projected.get(client) if client else None
        if client not in cases or not cases[client].shares or current is None or current.token != token:
            yield Violation(Anomaly.UNREDACTED, str(client), f"the partner topic still holds {token}")
    for token in final.risen:
        yield Violation(Anomaly.BYTE_AFTER_EFFECTIVE, token, "a value on the partner topic after its tombstone")


def _followed(final: Final) -> Iterator[Violation]:
    for reference in sorted(final.whole.keys() | final.followed.keys()):
        held, followed = final.whole.get(reference), final.followed.get(reference)
        if held != followed:
            how = "is missing in" if followed is None else "is left in" if held is None else "is another in"
            yield Violation(Anomaly.DIVERGED, reference, f"{how} the copy that was brought up to date by increments")


def _told(final: Final) -> Iterator[Violation]:
    for way, told in final.told.items():
        for recall in sorted(final.recalls - told):
            yield Violation(Anomaly.UNTOLD, recall, f"nothing was told by {way}")
    for where, what in sorted(final.identified):
        yield Violation(Anomaly.IDENTIFIED, where, f"{what} stands there")


def _counts(history: History) -> dict[str, int]:
    answered = [a for a in history.attempts if a.outcome is Outcome.OK]
    counts = Counter(f"{attempt.kind}_{attempt.outcome}" for attempt in history.attempts)
    counts.update(f"releases_{release.outcome}" for release in history.releases)
    opt_outs = [a for a in answered if a.kind is Kind.OPT_OUT]
    counts["opt_outs_acknowledged"] = len({a.decision_id for a in opt_outs})
    counts["opt_outs_effective"] = len({a.decision_id for a in opt_outs if a.effective})
    counts["releases_racing"] = sum(any(a.invoked < r.ended and r.started < a.answered for a in opt_outs) for r in history.releases)
    counts["records"] = sum(len(release.records) for release in history.releases)
    counts["decisions"] = len(history.final.ledger)
    counts["recalls"], counts["followed"] = len(history.final.recalls), len(history.final.followed)
    return dict(sorted(counts.items()))
