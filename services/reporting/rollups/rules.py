"""What a client counts as, a family and year: from all that is known of the client, in whatever order it was learned. Pure.

A client counts once a family and calendar year, with the first of the year. Closed months never change (D7): see `placed`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from reporting.measures.periods import month_of, next_month
from reporting.rollups.bins import FOLLOWED, SESSION, Bins, asked_bins, clock_bins, treatment_bins
from reporting.rollups.known import Known, Session

CARE_SOUGHT, ASKED, IN_TREATMENT = "care_sought", "asked", "in_treatment"


@dataclass(frozen=True, slots=True)
class Unit:
    """`month` is where it is counted: its cohort, or a later one (`late`) where that was closed before the unit was known."""

    family: str
    client_id: UUID
    unit_id: UUID
    cohort: datetime | date
    month: str
    plan_id: UUID
    employer_id: UUID
    programme: str
    provider_id: UUID | None
    bins: Bins
    late: bool = False

    @property
    def year(self) -> int:
        return int(self.month[:4])


def units_of(known: Known) -> list[Unit]:
    """By cohort, as if no month was ever closed."""
    return _first_of_years([*_care_sought(known), *_asked(known), *_in_treatment(known)])


def placed(units: Iterable[Unit], counted: Collection[tuple[str, int]], closed: Mapping[str, str]) -> list[Unit]:
    """Where the units of one client are counted, besides those of closed months, whose families and years are `counted`. `closed`: each
    family's last closed month.

    D7: what becomes known for a closed month is counted in the family's earliest open month: if that is in the next year, only where the
    client counts neither in its own year nor in the next one otherwise.
    """
    first = {(unit.family, unit.year): unit for unit in units}
    result = []
    for (family, year), unit in first.items():
        last = closed.get(family, "")
        if (family, year) in counted:
            continue
        if unit.month > last:
            result.append(unit)
            continue
        opened = next_month(last)
        slot = int(opened[:4])
        into_next = slot == year + 1 and (family, slot) not in counted and (family, slot) not in first
        if slot == year or into_next:
            result.append(replace(unit, month=opened, late=True))
    return result


def _first_of_years(units: Iterable[Unit]) -> list[Unit]:
    first: dict[tuple[str, int], Unit] = {}
    for unit in sorted(units, key=lambda unit: (_written(unit.cohort), unit.unit_id)):
        first.setdefault((unit.family, unit.year), unit)
    return list(first.values())


def _written(cohort: datetime | date) -> str:
    return cohort.astimezone(UTC).isoformat() if isinstance(cohort, datetime) else cohort.isoformat()


def _care_sought(known: Known) -> Iterator[Unit]:
    for episode in known.episodes:
        if episode.sought_at is not None:
            yield _unit(known, episode.episode_id, (CARE_SOUGHT, episode.episode_id, episode.sought_at), clock_bins(known.client, episode))


def _asked(known: Known) -> Iterator[Unit]:
    for asked in known.asked:
        at = asked.asked_at or asked.answered_at
        if at is not None:
            unit = _unit(known, asked.episode_id, (ASKED, asked.asked_id, at), asked_bins(asked))
            yield replace(unit, programme=asked.programme)


def _in_treatment(known: Known) -> Iterator[Unit]:
    """A treatment begins with an episode's first full-length session; where no episode is known, with a request's."""
    episode_of = {request.request_id: request.episode_id for request in known.requests}
    began: dict[UUID, Session] = {}
    for session in sorted(known.sessions, key=_order):
        if session.kind == SESSION:
            began.setdefault(episode_of.get(session.request_id) or session.request_id, session)
    outcomes = {outcome.episode_id: outcome for outcome in known.outcomes}
    scores = {score.response_id: score for score in known.scores}
    for treatment, first in began.items():
        bins = treatment_bins(first, known.sessions, outcomes.get(treatment), scores)
        unit = _unit(known, treatment, (IN_TREATMENT, treatment, first.held_on + FOLLOWED), bins)
        yield replace(unit, provider_id=first.provider_id)


def _unit(known: Known, episode_id: UUID | None, named: tuple[str, UUID, datetime | date], bins: Bins) -> Unit:
    """Employer and programme are those of the episode, where it is known: a client may have another employer by now."""
    family, unit_id, cohort = named
    episode = next((episode for episode in known.episodes if episode.episode_id == episode_id), None)
    return Unit(
        family=family,
        client_id=known.client.client_id,
        unit_id=unit_id,
        cohort=cohort,
        month=month_of(cohort),
        plan_id=known.client.plan_id,
        employer_id=episode.employer_id if episode else known.client.employer_id,
        programme=episode.programme if episode else known.client.programme,
        provider_id=_provider(known, episode_id),
        bins=bins,
    )


def _provider(known: Known, episode_id: UUID | None) -> UUID | None:
    """Of the first session or consultation held, else of the latest request: of the episode, or without one of the client's."""
    requests = [request for request in known.requests if episode_id in (None, request.episode_id)]
    ids = {request.request_id for request in requests}
    held = [session for session in known.sessions if episode_id is None or session.request_id in ids]
    if held:
        return min(held, key=_order).provider_id
    latest = max(requests, key=lambda request: (request.requested_at, request.request_id), default=None)
    return latest.provider_id if latest else None


def _order(session: Session) -> tuple[date, UUID]:
    return session.held_on, session.appointment_id
