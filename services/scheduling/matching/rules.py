"""Client Matching: which providers are offered instead, in which order, and why (S10, S11). Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import AlternativesOffered, RoutingReason
from common.contracts.vocabulary import Programme
from scheduling.directory.rules import Candidate
from scheduling.notifications.rules import MATCHING_TEAM, Notice, Recipient
from scheduling.requests.rules import ConsultationRequest
from scheduling.service_levels.rules import ALTERNATIVES_OFFERED, Consequences, Stop

OFFERED = 5
LANGUAGE, SPECIALTY, IN_TIME, HAS_OPENING = 4, 2, 3, 1
"""What a reason weighs: to be understood first, then to be seen in time, then what the provider knows best."""

CaseState = Literal["open", "chosen", "closed"]
Reason = Literal["speaks_language", "specialty", "open_before_promise", "has_opening", "chosen_by_team"]


class Why(BaseModel):
    """One reason for a proposal; `value` says which language or specialty."""

    model_config = ConfigDict(frozen=True)

    reason: Reason
    value: str | None = None


class Proposal(BaseModel):
    model_config = ConfigDict(frozen=True)

    provider_id: UUID
    name: str
    next_open_at: datetime | None
    why: tuple[Why, ...]


class MatchingCase(BaseModel):
    """`proposals` best first."""

    model_config = ConfigDict(frozen=True)

    case_id: UUID
    client_id: UUID
    request_id: UUID
    programme: Programme
    reason: RoutingReason
    state: CaseState = "open"
    opened_at: datetime
    closed_at: datetime | None = None
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What is known of what the client looks for."""

    language: str
    specialties: Sequence[str]
    promised_by: datetime | None
    """S9: the end of the fifth business day; absent where care has begun."""


def rank(candidates: Sequence[Candidate], need: Need, seed: UUID) -> tuple[Proposal, ...]:
    """The best few. Among equals a draw by the case decides, so that nobody is favoured."""
    weighed = [(_reasons(candidate, need), candidate) for candidate in candidates]
    weighed.sort(key=lambda pair: (-sum(weight for weight, _ in pair[0]), _drawn(seed, pair[1].provider_id)))
    return tuple(
        Proposal(provider_id=c.provider_id, name=c.name, next_open_at=c.next_open_at, why=tuple(why for _, why in reasons))
        for reasons, c in weighed[:OFFERED]
    )


def _reasons(candidate: Candidate, need: Need) -> list[tuple[int, Why]]:
    found: list[tuple[int, Why]] = []
    if need.language in candidate.languages:
        found.append((LANGUAGE, Why(reason="speaks_language", value=need.language)))
    found += [(SPECIALTY, Why(reason="specialty", value=name)) for name in need.specialties if name in candidate.specialties]
    if candidate.next_open_at is not None:
        in_time = need.promised_by is not None and candidate.next_open_at < need.promised_by
        found.append((IN_TIME, Why(reason="open_before_promise")) if in_time else (HAS_OPENING, Why(reason="has_opening")))
    return found


def _drawn(seed: UUID, provider_id: UUID) -> bytes:
    return hashlib.sha256(seed.bytes + provider_id.bytes).digest()


def open_case(
    request: ConsultationRequest, reason: RoutingReason, proposals: Sequence[Proposal], case_id: UUID, now: datetime
) -> MatchingCase:
    return MatchingCase(
        case_id=case_id,
        client_id=request.client_id,
        request_id=request.request_id,
        programme=request.programme,
        reason=reason,
        opened_at=now,
        proposals=tuple(proposals),
    )


def offered(case: MatchingCase, now: datetime) -> Consequences:
    """The client is told that there are others, the team that there is a case. Where nobody was found the team has to look itself."""
    event = AlternativesOffered(
        occurred_at=now,
        client_id=case.client_id,
        case_id=case.case_id,
        request_id=case.request_id,
        programme=case.programme,
        reason=case.reason,
        provider_ids=tuple(proposal.provider_id for proposal in case.proposals),
    )
    to_team = Notice(MATCHING_TEAM, "matching_case_team", f"matching_case:{case.case_id}", case.case_id)
    if not case.proposals:
        return Consequences(notices=(to_team,))
    reason = f"alternatives_offered:{case.case_id}:{len(case.proposals)}:{case.proposals[0].provider_id}"
    to_client = Notice(Recipient("client", case.client_id), "alternatives_offered_client", reason, case.case_id)
    return Consequences((event,), (Stop(ALTERNATIVES_OFFERED, case.request_id, now),), (to_client, to_team))


def replace(case: MatchingCase, candidates: Sequence[Candidate], need: Need) -> MatchingCase:
    """The team's own choice, in the team's order."""
    by_team = Why(reason="chosen_by_team")
    proposals = tuple(
        Proposal(
            provider_id=c.provider_id,
            name=c.name,
            next_open_at=c.next_open_at,
            why=(by_team, *(why for _, why in _reasons(c, need))),
        )
        for c in candidates
    )
    return case.model_copy(update={"proposals": proposals})
