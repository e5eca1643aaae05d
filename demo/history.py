"""What a recorded history of decisions and releases consists of, and what must never be in one. `race_checker.check` looks for it.

Pure: no clock, no I/O. All times are nanoseconds of one CLOCK_MONOTONIC.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Client = str
"""A client within a programme: sharing is decided for each programme by itself."""


UNSENT = "unsent"


class Kind(StrEnum):
    OPT_IN = "opt_in"
    DECLINE = "decline"
    OPT_OUT = "opt_out"


class Outcome(StrEnum):
    """Of an attempt. A refusal (4xx, or never sent) has not applied; after a time-out, a cut or a 5xx nobody can tell."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Anomaly(StrEnum):
    """What the checker looks for. A sound history has none of them."""

    RELEASED_AFTER_OPT_OUT = "released_after_opt_out"
    """A record in a release that began after its client's opt-out was acknowledged (or of a client who never shared)."""
    BYTE_AFTER_EFFECTIVE = "byte_after_effective"
    """A record that arrived after its client's opt-out was answered as effective, whenever its release began."""
    LOST_DECISION = "lost_decision"
    """An acknowledged decision that is not in the ledger, or a final state that the ledger does not lead to."""
    REORDERED = "reordered"
    """The ledger contradicts real time: a decision stands before one that was acknowledged before it was made."""
    DOUBLE_EFFECT = "double_effect"
    """A decision twice in the ledger, a version that counts more than was asked for, a receipt or a deletion twice."""
    PHANTOM = "phantom"
    """A decision in the ledger that nobody asked for, or that was refused."""
    REVIVED = "revived"
    """Sharing after an opt-out without a later opt-in, or by one that was asked for before the opt-out, or made on an older state."""
    UNREDACTED = "unredacted"
    """Data of somebody who does not share, in an export or on the partner topic, at the end."""
    UNACCOUNTED = "unaccounted"
    """A record arrived that the accounting of disclosures does not know, in this export or on this topic (C9)."""
    UNFINISHED = "unfinished"
    """An opt-out whose sinks have not all answered at the end."""
    WITHHELD = "withheld"
    """Somebody shares at the end and is missing in a fresh export, or on the partner topic: refusing everything would be no gate."""
    DIVERGED = "diverged"
    """Who follows the increments ends with other records than a fresh export holds."""
    UNTOLD = "untold"
    """A recall that the recipient was never told of, on its topic or at its endpoint."""
    IDENTIFIED = "identified"
    """A client's own id left, or a webhook says who is meant."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to decide something. `decision_id` is the one asked for (opt-in) or answered (opt-out)."""

    client: Client
    kind: Kind
    invoked: int
    answered: int
    outcome: Outcome
    decision_id: str | None = None
    status: str | None = None
    """Of an opt-out: `recorded`, `effective` or `complete`; of any: `unsent` where no connection was had."""
    on_version: int | None = None

    @property
    def effective(self) -> bool:
        return self.outcome is Outcome.OK and self.status in ("effective", "complete")


@dataclass(frozen=True, slots=True)
class Received:
    """A record as it arrived: whose it is (None where nothing tells), and when we were known to have its last byte."""

    client: Client | None
    at: int


@dataclass(frozen=True, slots=True)
class Release:
    """One request for individual data: begun just before it was sent. `outcome` is `complete`, `refused` or `cut`.

    What came without a request, on a topic, is `appended`: nobody can tell when that was begun, so it is 0."""

    started: int
    outcome: str
    records: tuple[Received, ...] = ()
    path: str = ""
    ended: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """A line of the ledger."""

    client: Client
    decision_id: str
    kind: Kind
    stream: int
    position: int

    @property
    def shares(self) -> bool:
        return self.kind is Kind.OPT_IN


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a service takes a client's state to be; of reporting's, `version` is the position of the decision."""

    shared: bool
    version: int
    decision_id: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """What is left when all has settled."""

    ledger: tuple[Decision, ...] = ()
    sharing: Mapping[Client, Sharing] = field(default_factory=dict)
    projected: Mapping[Client, Sharing] = field(default_factory=dict)
    open_receipts: frozenset[str] = frozenset()
    """Opt-outs that some sink has not answered."""
    receipts: tuple[tuple[str, str], ...] = ()
    """Decision and sink of every receipt that reporting has published."""
    deletions: tuple[tuple[str, str], ...] = ()
    """Export and resource of every deletion that the exports list."""
    export_rows: Mapping[Client, int] = field(default_factory=dict)
    topic: Mapping[str, Client | None] = field(default_factory=dict)
    """The tokens that the partner topic holds a value for, and whose they are."""
    risen: frozenset[str] = frozenset()
    """The tokens for which it got a value after the tombstone."""
    owed: frozenset[Client] = frozenset()
    """Those who share and have records to share."""
    fresh: frozenset[Client] = frozenset()
    """Those in an export that was requested at the end."""
    whole: Mapping[str, str] = field(default_factory=dict)
    """What that export holds: a digest of each resource, by its reference."""
    followed: Mapping[str, str] = field(default_factory=dict)
    """The same of a copy that was made once and brought up to date by increments only."""
    recalls: frozenset[str] = frozenset()
    """Everything that the recipient was to be told to delete."""
    told: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The recalls that it was told of, by the way on which."""
    identified: frozenset[tuple[str, str]] = frozenset()
    """Where something stood that says who is meant, and what."""


@dataclass(frozen=True, slots=True)
class History:
    """A run. `before` is the ledger and `versions` what consent's states counted when it began: nobody in the run asked for that."""

    attempts: tuple[Attempt, ...]
    releases: tuple[Release, ...]
    final: Final
    before: tuple[Decision, ...] = ()
    versions: Mapping[Client, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Violation:
    anomaly: Anomaly
    about: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    violations: tuple[Violation, ...]
    counts: Mapping[str, int]
    """What the history holds: a checker that saw nothing proves nothing."""

    @property
    def anomalies(self) -> dict[Anomaly, int]:
        """Every anomaly with how often it was found."""
        found = Counter(violation.anomaly for violation in self.violations)
        return {anomaly: found[anomaly] for anomaly in Anomaly}
