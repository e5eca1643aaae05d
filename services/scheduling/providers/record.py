"""A provider's record: what S3 is judged by, and what the directory shows (S5)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from common.contracts.vocabulary import Programme
from common.never_kept import FreeText, StructuredText
from scheduling.geography import zone_of
from scheduling.providers.vocabulary import CURRENT_TERMS, TAXONOMY, Degree, Gender, LicenceKind, Modality, Specialty, Term


def _listed(code: str) -> str:
    if code not in TAXONOMY:
        raise ValueError("not a taxonomy code that is used here")
    return code


STORABLE = r"^[^\x00]*$"
"""PostgreSQL keeps every character but this one."""
State = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Language = Annotated[StructuredText, Field(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
"""BCP 47."""
TaxonomyCode = Annotated[str, Field(pattern="^[0-9]{3}[0-9A-Z]{6}X$"), AfterValidator(_listed)]
TermsVersion = Annotated[str, Field(pattern="^20[0-9]{2}-[0-9]{2}$")]
Zone = Annotated[StructuredText, Field(pattern="^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$", max_length=40)]
"""A name of the IANA time zone database."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Licence(Frozen):
    state: State
    kind: LicenceKind
    expires_on: date
    """The last day on which it is good."""


class Credential(Frozen):
    """S3: with a health plan, and under whose tax id."""

    plan_id: UUID
    under_network_tax_id: bool
    starts_on: date
    ends_on: date | None = None
    """The last day on which it is good."""


class TermsAgreed(Frozen):
    """S3: joining a programme. Each term is named; nothing is agreed to by default."""

    programme: Programme
    terms_version: TermsVersion = Field(examples=[CURRENT_TERMS])
    agreed: frozenset[Term] = Field(examples=[["S7", "S8", "A1", "A3"]])


class Participation(Frozen):
    model_config = ConfigDict(extra="ignore")

    programme: Programme
    terms_version: str
    agreed: tuple[Term, ...]
    agreed_at: datetime
    left_at: datetime | None = None


class ProviderRecord(Frozen):
    """What is written as a whole. The short form is a provider who is not listed yet."""

    name: StructuredText = Field(min_length=1, max_length=200, pattern=STORABLE)
    state: State
    """Where the practice is."""
    degree: Degree
    taxonomy_code: TaxonomyCode | None = None
    supervised: bool = False
    licences: tuple[Licence, ...] = Field((), max_length=60)
    credentials: tuple[Credential, ...] = Field((), max_length=60)
    virtual_care: bool = False
    in_person: bool = False
    manages_in_portal: bool = False
    """S3: scheduling and billing."""
    languages: tuple[Language, ...] = Field(("en",), min_length=1, max_length=20)
    specialties: tuple[Specialty, ...] = Field((), max_length=30)
    modalities: tuple[Modality, ...] = Field((), max_length=20)
    gender: Gender | None = None
    accepting_clients: bool = True
    zone: Zone | None = None
    """By default that of the first licence's state."""
    profile: FreeText = Field("", max_length=2000, pattern=STORABLE)


class Provider(ProviderRecord):
    provider_id: UUID
    version: int = 1
    insurance_departure_on: date | None = None
    """S4: the last day on which the credentials of that time count."""
    participations: tuple[Participation, ...] = ()

    @property
    def local_zone(self) -> str:
        return self.zone or zone_of(self.licences[0].state if self.licences else self.state)

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.local_zone)).date()


RECORDED = tuple(ProviderRecord.model_fields)
VERIFIED = ("name", "state", "degree", "taxonomy_code", "supervised", "licences", "credentials")
"""What operations have seen papers for. A provider changes the rest alone."""
