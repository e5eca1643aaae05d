"""Facts that the scheduling service publishes."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Category, Choice, Programme

AppointmentKind = Literal["consultation", "session"]
"""A consultation is a short first call; a session is a full-length appointment."""
Origin = Literal["directory", "matching"]
"""How a client came to a provider: by their own search, or by a proposal of Client Matching."""
Party = Literal["client", "provider", "network"]
RoutingReason = Literal["declined", "timed_out", "not_a_good_fit", "client_asked", "provider_left"]
"""Why a client is offered other providers (S10, S11, S14)."""
Clock = Literal["time_to_schedule", "time_to_consultation", "time_to_first_session"]
"""The three clocks of speed to care (R1). Each starts when care was sought."""


class ClientRegistered(ClientEvent):
    """A covered person is known. Demographics are coarse on purpose: year of birth, state, recorded sex."""

    type: ClassVar[str] = "scheduling.client_registered.v1"
    employer_id: UUID
    plan_id: UUID
    programme: Programme
    birth_year: int
    sex: Literal["female", "male", "other", "unknown"]
    state: str
    language: str = "en"
    time_zone: str = "UTC"
    """An IANA name."""


class SharingChosen(ClientEvent):
    """C2: the explicit choice on the first consultation request. Consent decides what follows from it."""

    type: ClassVar[str] = "scheduling.sharing_chosen.v1"
    choice_id: UUID
    request_id: UUID
    programme: Programme
    choice: Choice
    categories: tuple[Category, ...]
    notice_version: str
    notice_language: str
    on_version: int = 0
    """The version of the client's sharing that the choice was made on; 0 where there was none."""
    notice_digest: str = ""
    """C11: SHA-256 of the text that was shown. Empty in events from before it was asked for: then version and language tell."""


class ConsultationRequested(ClientEvent):
    type: ClassVar[str] = "scheduling.consultation_requested.v1"
    request_id: UUID
    provider_id: UUID
    employer_id: UUID
    programme: Programme
    first: bool
    episode_id: UUID | None = None
    """Absent in events from before there were episodes."""
    origin: Origin = "directory"


class _OfRequest(ClientEvent):
    request_id: UUID
    provider_id: UUID
    programme: Programme


class _OfAppointment(ClientEvent):
    appointment_id: UUID
    request_id: UUID
    provider_id: UUID
    programme: Programme
    kind: AppointmentKind


class _OfEpisode(ClientEvent):
    episode_id: UUID
    programme: Programme
    employer_id: UUID


class RequestAccepted(_OfRequest):
    type: ClassVar[str] = "scheduling.request_accepted.v1"


class RequestDeclined(_OfRequest):
    """S10, or S12 where the network does not operate in the client's state."""

    type: ClassVar[str] = "scheduling.request_declined.v1"
    reason: str = "not_stated"


class RequestTimedOut(_OfRequest):
    """S11: three days without an answer. A late answer is still taken, until the client has gone to somebody else."""

    type: ClassVar[str] = "scheduling.request_timed_out.v1"


class RequestWithdrawn(_OfRequest):
    type: ClassVar[str] = "scheduling.request_withdrawn.v1"
    by: Party = "client"


class AlternativesOffered(ClientEvent):
    """S10, S11, S14: Client Matching has offered these providers, best first."""

    type: ClassVar[str] = "scheduling.alternatives_offered.v1"
    case_id: UUID
    request_id: UUID
    programme: Programme
    reason: RoutingReason
    provider_ids: tuple[UUID, ...]


class FitAssessed(_OfRequest):
    """What came of a consultation (S10)."""

    type: ClassVar[str] = "scheduling.fit_assessed.v1"
    good_fit: bool


class CareEnded(_OfRequest):
    """S14: the client and this provider go on no longer together."""

    type: ClassVar[str] = "scheduling.care_ended.v1"
    reason: Literal["provider_change", "completed", "visit_limit"]


class CareSought(_OfEpisode):
    """The clock of speed to care starts, once an episode; re-routing does not start it anew (S9)."""

    type: ClassVar[str] = "scheduling.care_sought.v1"
    first: bool
    """False where the client was in care before, and seeks another provider (S14) or comes back."""
    served: bool
    """False where the network does not operate in the client's state (S12): counted apart, never left out."""


class SpeedToCareMeasured(_OfEpisode):
    """R1: one of the three clocks was stopped. An episode without it is open, or ended without care."""

    type: ClassVar[str] = "scheduling.speed_to_care_measured.v1"
    clock: Clock
    sought_at: AwareDatetime
    reached_at: AwareDatetime
    elapsed_seconds: int
    business_days: int
    """In the client's zone; 0 on the day of seeking care."""


class CareEpisodeEnded(_OfEpisode):
    type: ClassVar[str] = "scheduling.care_episode_ended.v1"
    outcome: Literal["in_care", "withdrawn"]


class CareEpisodeReopened(_OfEpisode):
    """A client who had withdrawn asked again soon after: the clock goes on from where it started."""

    type: ClassVar[str] = "scheduling.care_episode_reopened.v1"


class ClientWaitlisted(ClientEvent):
    type: ClassVar[str] = "scheduling.client_waitlisted.v1"
    state: str


class WaitlistInvited(ClientEvent):
    """S12: told that the state opens, before everybody else."""

    type: ClassVar[str] = "scheduling.waitlist_invited.v1"
    state: str


class EligibilityVerified(ClientEvent):
    """S1, S2: as of a day. `reason` is empty for the eligible."""

    type: ClassVar[str] = "scheduling.eligibility_verified.v1"
    employer_id: UUID
    plan_id: UUID
    programme: Programme
    as_of: date
    eligible: bool
    reason: str = ""


class AppointmentScheduled(_OfAppointment):
    type: ClassVar[str] = "scheduling.appointment_scheduled.v1"
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    """Absent in events from before appointments had an end."""


class AppointmentMoved(_OfAppointment):
    type: ClassVar[str] = "scheduling.appointment_moved.v1"
    moved_from: AwareDatetime
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    by: Party


class AppointmentCancelled(_OfAppointment):
    type: ClassVar[str] = "scheduling.appointment_cancelled.v1"
    starts_at: AwareDatetime
    by: Party


class AppointmentMissed(_OfAppointment):
    """Nobody came, or one of the two did not."""

    type: ClassVar[str] = "scheduling.appointment_missed.v1"
    starts_at: AwareDatetime
    by: Party


class AppointmentHeld(_OfAppointment):
    type: ClassVar[str] = "scheduling.appointment_held.v1"
    held_on: date


class VisitCovered(ClientEvent):
    """S13: the coverage terms of a visit that was held, for billing. C16: never part of an individual export."""

    type: ClassVar[str] = "scheduling.visit_covered.v1"
    appointment_id: UUID
    provider_id: UUID
    programme: Programme
    held_on: date
    funding: Literal["insurance", "employer"]
    copay_applies: bool
    visit_number: int | None
    """Counted against the contract's limit; absent where nothing is counted."""
    visit_limit: int | None


class VisitLimitReached(ClientEvent):
    """S13: the contract's visits are used up; the client is offered a choice."""

    type: ClassVar[str] = "scheduling.visit_limit_reached.v1"
    programme: Programme
    visit_limit: int


class CoverageChosen(ClientEvent):
    """S13: how it goes on after the contract's last visit."""

    type: ClassVar[str] = "scheduling.coverage_chosen.v1"
    programme: Programme
    choice: Literal["continue_with_insurance", "end"]


class _Judged(ClientEvent):
    """A service level, by its policy. `subject_id` is the request, appointment or episode that it is about."""

    deadline_id: UUID
    policy: str
    policy_version: int
    rule: str
    subject_id: UUID
    anchor_at: AwareDatetime
    due_at: AwareDatetime


class DeadlineMet(_Judged):
    type: ClassVar[str] = "scheduling.deadline_met.v1"
    met_at: AwareDatetime


class DeadlineMissed(_Judged):
    """It is past, and what it asks for has not happened by then."""

    type: ClassVar[str] = "scheduling.deadline_missed.v1"


class DeadlineMissRetracted(_Judged):
    """A late message showed that it was met in time."""

    type: ClassVar[str] = "scheduling.deadline_miss_retracted.v1"
    met_at: AwareDatetime
