"""What stands in an accounting of disclosures, and what of it each law asks for. Pure.

45 CFR 164.528(b)(2): the date, who received it and their address if known, what was disclosed, and why or on which request. (b)(3): several
disclosures to one recipient for one purpose may be summed up: the first in full, their number, and the date of the last.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict

SERIES = UUID("0b6c1c40-0a0f-5a2a-9a9e-5d6b6a4d8e11")


class LegalBasis(StrEnum):
    """Why it was allowed to leave. A release to an authority names its own basis, which is not one of these."""

    AUTHORIZATION = "authorization"
    """The client's own opt-in: 45 CFR 164.508."""
    RIGHT_OF_ACCESS = "right_of_access"
    """To the client: 45 CFR 164.524."""


class Outcome(StrEnum):
    RELEASED = "released"
    REFUSED = "refused"
    """It was tried, and nothing left."""


class Law(StrEnum):
    """Whose view of the record it is."""

    ALL = "all"
    """C9: whatever left, and whatever was tried."""
    HIPAA = "hipaa_164_528"
    """45 CFR 164.528(a)(1): without what left on the client's own authorization and what was given to the client."""
    PART_2 = "part2_2_25"
    """42 CFR 2.25: what left with the client's consent, three years back."""


YEARS_BACK = {Law.ALL: 6, Law.HIPAA: 6, Law.PART_2: 3}


class Entry(BaseModel):
    """One disclosure. `kinds`: what it was of. `records`: how many; a key for sealed values has none of its own."""

    model_config = ConfigDict(frozen=True)

    entry_id: UUID
    disclosed_at: AwareDatetime
    recipient_name: str
    recipient_address: str | None
    """As the contract or the demand says it; None: not known."""
    path: str
    """How it left: export, partner_topic, sealing_key, legal_release, access_bundle."""
    kinds: tuple[str, ...]
    records: int | None
    purpose: str
    legal_basis: str
    outcome: Outcome = Outcome.RELEASED
    programme: str | None = None
    request_document_id: UUID | None = None
    """The written request that it answered (164.528(b)(2)(iv)), where it stands in place of a statement of purpose."""
    case_id: UUID | None = None
    """The export, the demand or the access request."""
    contract_id: UUID | None = None
    recalled_by: UUID | None = None
    recall: str | None = None
    """How far the recall is: requested, sent, acknowledged, attested."""

    @property
    def series_id(self) -> UUID:
        """The same for whatever went to one recipient for one purpose."""
        return uuid5(SERIES, "\n".join((self.recipient_name, self.purpose, self.legal_basis, self.outcome)))


class Series(BaseModel):
    """Several disclosures to one recipient for one purpose."""

    model_config = ConfigDict(frozen=True)

    series_id: UUID
    first: Entry
    number: int
    records: int
    kinds: tuple[str, ...]
    last_at: AwareDatetime
    every_days: float | None
    """On average; None for a single one."""
    recalled: int
    """How many of them were recalled."""


BY_LAW: dict[Law, Callable[[Entry], bool]] = {
    Law.ALL: lambda entry: True,
    Law.HIPAA: lambda entry: (
        entry.outcome is Outcome.RELEASED and entry.legal_basis not in (LegalBasis.AUTHORIZATION, LegalBasis.RIGHT_OF_ACCESS)
    ),
    Law.PART_2: lambda entry: entry.outcome is Outcome.RELEASED and entry.legal_basis == LegalBasis.AUTHORIZATION,
}


@dataclass(frozen=True, slots=True)
class Period:
    """`until` is not included; None: up to now."""

    since: datetime
    until: datetime | None


def period_of(law: Law, now: datetime, since: datetime | None = None, until: datetime | None = None) -> Period:
    """It cannot reach further back than the law does."""
    earliest = years_before(now, YEARS_BACK[law])
    return Period(max(since, earliest) if since else earliest, until)


def counted(entries: Iterable[Entry], law: Law, period: Period) -> list[Entry]:
    """In the order in which they left."""
    until = period.until
    wanted = [e for e in entries if BY_LAW[law](e) and e.disclosed_at >= period.since and (until is None or e.disclosed_at < until)]
    return sorted(wanted, key=lambda entry: (entry.disclosed_at, entry.entry_id))


def years_before(now: datetime, years: int) -> datetime:
    """The same day; of a leap day 28 February, so that nothing is left out."""
    try:
        return now.replace(year=now.year - years)
    except ValueError:
        return now.replace(year=now.year - years, day=28)


def summarised(entries: Sequence[Entry]) -> list[Series]:
    """In the order of the first of each. `entries` as `counted` gives them."""

    def series_of(entry: Entry) -> UUID:
        return entry.series_id

    groups = [list(group) for _, group in groupby(sorted(entries, key=series_of), key=series_of)]
    return sorted((_series(group) for group in groups), key=lambda series: (series.first.disclosed_at, series.series_id))


def _series(group: Sequence[Entry]) -> Series:
    first, last = group[0], group[-1]
    days = (last.disclosed_at - first.disclosed_at).total_seconds() / 86_400
    return Series(
        series_id=first.series_id,
        first=first,
        number=len(group),
        records=sum(entry.records or 0 for entry in group),
        kinds=tuple(sorted({kind for entry in group for kind in entry.kinds})),
        last_at=last.disclosed_at,
        every_days=days / (len(group) - 1) if len(group) > 1 else None,
        recalled=sum(entry.recalled_by is not None for entry in group),
    )
