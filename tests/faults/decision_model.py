"""What becomes of decisions, told a second time and from `domain.md` alone (C1, C2, C4, C8, C17, invariant 5). Pure.

Deliberately nothing of `consent.decisions.rules` is imported: where the two disagree, one of them is wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class OptIn:
    """On the version that was shown; None: it was not said which."""

    id: str
    version: int | None
    categories: frozenset[str]
    identity_checked: bool = True
    notice_in_effect: bool = True


@dataclass(frozen=True)
class Decline:
    id: str
    notice_in_effect: bool = True


@dataclass(frozen=True)
class OptOut:
    pass


@dataclass(frozen=True)
class Withdraw:
    categories: frozenset[str]


Call = OptIn | Decline | OptOut | Withdraw


@dataclass
class Person:
    """`history`: the kinds of what was recorded. `ids`: of the decisions that somebody has named; `standing`: the one that stands."""

    state: str = "never"
    categories: frozenset[str] = frozenset()
    version: int = 0
    history: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    standing: str | None = None

    @property
    def shared(self) -> frozenset[str]:
        """What a release may hold of them now."""
        return self.categories if self.state == "opted_in" else frozenset()

    def refusals(self, call: Call) -> set[str]:
        """Every reason against a call; it is accepted where there is none. Closing has but one: a notice that is none (C11)."""
        reasons = set()
        if isinstance(call, OptIn | Decline) and not call.notice_in_effect:
            reasons.add("notice_not_current")
        if not isinstance(call, OptIn):
            return reasons
        if not call.identity_checked:
            reasons.add("identity_not_checked")
        if call.version is None:
            reasons.add("if_match_missing")
        if call.id == self.standing:  # said twice is said once
            return reasons
        if call.id in self.ids:
            reasons.add("already_exists")
        if call.version != self.version:
            reasons.add("state_changed")
        if not call.categories:
            reasons.add("invalid_request")
        return reasons

    def take(self, call: Call) -> int:
        """How many lines an accepted call adds to the ledger."""
        before = len(self.history)
        match call:
            case OptIn() if call.id != self.standing:
                self._opt_in(call)
            case Decline() if call.id not in self.ids:
                self._decline(call)
            case OptOut():
                self.opt_out()
            case Withdraw():
                self._withdraw(call.categories)
        return len(self.history) - before

    def opt_out(self, id: str | None = None) -> None:
        """C4: from every state. Said again it adds no line, but an opt-in made on what was shown before must not undo it."""
        if self.state == "opted_out":
            self.version += 1
        else:
            self._record("opted_out", "opted_out", frozenset(), id)

    def suspend(self) -> None:
        if self.state == "opted_in":
            self._record("sharing_suspended", "suspended", self.categories)

    def resume(self) -> None:
        if self.state == "suspended":
            self._record("sharing_resumed", "opted_in", self.categories)

    def _opt_in(self, call: OptIn) -> None:
        self._withdraw(self.categories - call.categories)
        self._record("opted_in", "opted_in", call.categories, call.id)

    def _decline(self, call: Decline) -> None:
        """C2 for who was never asked; of what was consented to it is an opt-out; otherwise nothing is shared anyhow."""
        if self.state == "never":
            self._record("declined", "declined", frozenset(), call.id)
        elif self.state in ("opted_in", "suspended"):
            self.opt_out(call.id)

    def _withdraw(self, categories: frozenset[str]) -> None:
        if not self.categories & categories:
            return
        rest = self.categories - categories
        if rest:
            self._record("sharing_narrowed", self.state, rest)
        else:
            self.opt_out()

    def _record(self, kind: str, state: str, categories: frozenset[str], id: str | None = None) -> None:
        self.history.append(kind)
        self.state, self.categories, self.version, self.standing = state, categories, self.version + 1, id
        if id:
            self.ids.add(id)


@dataclass
class Desk:
    """The privacy officer's: which mails wait, and whose each of them may be."""

    waiting: dict[str, tuple[Person, ...]] = field(default_factory=dict)

    def arrive(self, mail: str, of: Sequence[Person], clear: bool, authenticated: bool, automatic: bool) -> None:
        """C4: plain, and surely of one client: an opt-out. Automatic: nothing. Otherwise a person reads it, and sharing waits."""
        if automatic:
            return
        if clear and authenticated and len(of) == 1:
            of[0].opt_out()
            return
        self.waiting[mail] = tuple(of)
        for person in of:
            person.suspend()

    def resolve(self, mail: str, opted_out: Sequence[Person]) -> None:
        """Sharing goes on for whom it was not, unless another mail of theirs waits."""
        of = self.waiting.pop(mail)
        for person in of:
            if any(person is each for each in opted_out):
                person.opt_out()
            elif not any(person is each for others in self.waiting.values() for each in others):
                person.resume()
