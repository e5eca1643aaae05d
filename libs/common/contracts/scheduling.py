"""Facts that the scheduling service publishes."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from common.contracts.event import ClientEvent
from common.contracts.vocabulary import Category, Choice, Programme

AppointmentKind = Literal["consultation", "session"]


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


class RequestAccepted(ClientEvent):
    type: ClassVar[str] = "scheduling.request_accepted.v1"
    request_id: UUID
    provider_id: UUID
    programme: Programme


class RequestDeclined(ClientEvent):
    type: ClassVar[str] = "scheduling.request_declined.v1"
    request_id: UUID
    provider_id: UUID
    programme: Programme


class AppointmentScheduled(ClientEvent):
    type: ClassVar[str] = "scheduling.appointment_scheduled.v1"
    appointment_id: UUID
    request_id: UUID
    provider_id: UUID
    programme: Programme
    kind: AppointmentKind
    starts_at: AwareDatetime


class AppointmentHeld(ClientEvent):
    type: ClassVar[str] = "scheduling.appointment_held.v1"
    appointment_id: UUID
    request_id: UUID
    provider_id: UUID
    programme: Programme
    kind: AppointmentKind
    held_on: date
