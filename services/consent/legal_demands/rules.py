"""Which demands the law knows, on what basis each may be answered, and what each basis asks for (C7). Pure.

45 CFR 164.512 (a), (c), (d), (e), (f). A demand that fits no row here is not answered through this path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from common.contracts.privacy import RecordCategory, Scope
from common.problems import Problem


class DemandKind(StrEnum):
    """What was received."""

    STATUTORY_DUTY = "statutory_duty"
    ABUSE_REPORT = "abuse_report"
    OVERSIGHT_REQUEST = "oversight_request"
    COURT_ORDER = "court_order"
    ADMINISTRATIVE_ORDER = "administrative_order"
    """Of an administrative tribunal."""
    SUBPOENA = "subpoena"
    """Signed by a lawyer or a clerk: no order of a court comes with it."""
    DISCOVERY_REQUEST = "discovery_request"
    WARRANT = "warrant"
    """Ordered by a court."""
    JUDICIAL_SUBPOENA = "judicial_subpoena"
    """Issued by a judicial officer."""
    GRAND_JURY_SUBPOENA = "grand_jury_subpoena"
    ADMINISTRATIVE_DEMAND = "administrative_demand"
    """An administrative subpoena or summons, a civil investigative demand."""
    LOCATING_REQUEST = "locating_request"
    CRIME_VICTIM_REQUEST = "crime_victim_request"


class LegalBasis(StrEnum):
    REQUIRED_BY_LAW = "required_by_law"
    ABUSE_REQUIRED_BY_LAW = "abuse_required_by_law"
    ABUSE_AGREED = "abuse_agreed"
    ABUSE_PREVENTS_HARM = "abuse_prevents_harm"
    ABUSE_INCAPACITY = "abuse_incapacity"
    HEALTH_OVERSIGHT = "health_oversight"
    ORDER_OF_TRIBUNAL = "order_of_tribunal"
    NOTICE_ASSURED = "notice_assured"
    PROTECTIVE_ORDER_ASSURED = "protective_order_assured"
    OWN_EFFORTS = "own_efforts"
    REPORTING_LAW = "reporting_law"
    ENFORCEMENT_ORDER = "enforcement_order"
    GRAND_JURY = "grand_jury"
    ADMINISTRATIVE_REQUEST = "administrative_request"
    LOCATING = "locating"
    VICTIM_AGREED = "victim_agreed"
    VICTIM_INCAPACITY = "victim_incapacity"


class Statement(StrEnum):
    """What an officer confirms to have found in the papers, or was told by whoever demands."""

    LIMITED_TO_REQUIREMENT = "limited_to_requirement"
    EXPRESSLY_AUTHORIZED = "expressly_authorized"
    """The order names what is released."""
    CLIENT_AGREED = "client_agreed"
    PREVENTS_SERIOUS_HARM = "prevents_serious_harm"
    CLIENT_INCAPABLE = "client_incapable"
    """Of agreeing."""
    NOT_AGAINST_CLIENT = "not_against_client"
    CANNOT_WAIT = "cannot_wait"
    IN_CLIENTS_INTEREST = "in_clients_interest"
    ANOTHERS_VIOLATION = "anothers_violation"
    ABOUT_HEALTH_CARE = "about_health_care"
    """The client is not the one investigated, or it arises from and is directly related to health care or benefits: 164.512(d)(2)."""
    NOTICE_GIVEN = "notice_given"
    NOTICE_SUFFICIENT = "notice_sufficient"
    OBJECTIONS_SETTLED = "objections_settled"
    PROTECTIVE_ORDER_SOUGHT = "protective_order_sought"
    OWN_EFFORTS_MADE = "own_efforts_made"
    RELEVANT_AND_MATERIAL = "relevant_and_material"
    SPECIFIC_AND_LIMITED = "specific_and_limited"
    DEIDENTIFIED_INSUFFICIENT = "deidentified_insufficient"
    TO_LOCATE_OR_IDENTIFY = "to_locate_or_identify"


class IdentityEvidence(StrEnum):
    """How it was made sure who demands: 45 CFR 164.514(h)."""

    CREDENTIALS = "credentials"
    """Shown in person: (h)(2)(ii)(A)."""
    LETTERHEAD = "letterhead"
    """(h)(2)(ii)(B)."""
    WRITTEN_COMMISSION = "written_commission"
    """Of somebody who acts for a public official: (h)(2)(ii)(C)."""
    CALLED_BACK = "called_back"
    """Of somebody who is no public official, such as a lawyer: (h)(1)(i)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One basis. `only`: no other category may leave on it; None: whatever the demand covers."""

    citation: str
    kinds: frozenset[DemandKind]
    statements: frozenset[Statement]
    law: bool = False
    """The statute or regulation must be named."""
    assurance: bool = False
    """A document of satisfactory assurance, or of our own efforts, must be on file."""
    only: frozenset[RecordCategory] | None = None

    @property
    def suspendable(self) -> bool:
        """Only oversight and law enforcement can have the client's accounting suspended: 45 CFR 164.528(a)(2)(i)."""
        return self.citation.startswith(("45 CFR 164.512(d)", "45 CFR 164.512(f)"))


K, S = DemandKind, Statement
BASES: Mapping[LegalBasis, Row] = {
    LegalBasis.REQUIRED_BY_LAW: Row("45 CFR 164.512(a)(1)", frozenset({K.STATUTORY_DUTY}), frozenset({S.LIMITED_TO_REQUIREMENT}), law=True),
    LegalBasis.ABUSE_REQUIRED_BY_LAW: Row(
        "45 CFR 164.512(c)(1)(i)", frozenset({K.ABUSE_REPORT}), frozenset({S.LIMITED_TO_REQUIREMENT}), law=True
    ),
    LegalBasis.ABUSE_AGREED: Row("45 CFR 164.512(c)(1)(ii)", frozenset({K.ABUSE_REPORT}), frozenset({S.CLIENT_AGREED})),
    LegalBasis.ABUSE_PREVENTS_HARM: Row(
        "45 CFR 164.512(c)(1)(iii)(A)", frozenset({K.ABUSE_REPORT}), frozenset({S.PREVENTS_SERIOUS_HARM}), law=True
    ),
    LegalBasis.ABUSE_INCAPACITY: Row(
        "45 CFR 164.512(c)(1)(iii)(B)",
        frozenset({K.ABUSE_REPORT}),
        frozenset({S.CLIENT_INCAPABLE, S.NOT_AGAINST_CLIENT, S.CANNOT_WAIT}),
        law=True,
    ),
    LegalBasis.HEALTH_OVERSIGHT: Row(
        "45 CFR 164.512(d)(1)", frozenset({K.OVERSIGHT_REQUEST, K.ADMINISTRATIVE_DEMAND}), frozenset({S.ABOUT_HEALTH_CARE}), law=True
    ),
    LegalBasis.ORDER_OF_TRIBUNAL: Row(
        "45 CFR 164.512(e)(1)(i)", frozenset({K.COURT_ORDER, K.ADMINISTRATIVE_ORDER}), frozenset({S.EXPRESSLY_AUTHORIZED})
    ),
    # What the assurance must show: (e)(1)(iii)(A) to (C).
    LegalBasis.NOTICE_ASSURED: Row(
        "45 CFR 164.512(e)(1)(ii)(A)",
        frozenset({K.SUBPOENA, K.DISCOVERY_REQUEST}),
        frozenset({S.NOTICE_GIVEN, S.NOTICE_SUFFICIENT, S.OBJECTIONS_SETTLED}),
        assurance=True,
    ),
    # (e)(1)(iv) and (v).
    LegalBasis.PROTECTIVE_ORDER_ASSURED: Row(
        "45 CFR 164.512(e)(1)(ii)(B)",
        frozenset({K.SUBPOENA, K.DISCOVERY_REQUEST}),
        frozenset({S.PROTECTIVE_ORDER_SOUGHT}),
        assurance=True,
    ),
    LegalBasis.OWN_EFFORTS: Row(
        "45 CFR 164.512(e)(1)(vi)", frozenset({K.SUBPOENA, K.DISCOVERY_REQUEST}), frozenset({S.OWN_EFFORTS_MADE}), assurance=True
    ),
    LegalBasis.REPORTING_LAW: Row(
        "45 CFR 164.512(f)(1)(i)", frozenset({K.STATUTORY_DUTY}), frozenset({S.LIMITED_TO_REQUIREMENT}), law=True
    ),
    LegalBasis.ENFORCEMENT_ORDER: Row(
        "45 CFR 164.512(f)(1)(ii)(A)",
        frozenset({K.COURT_ORDER, K.WARRANT, K.JUDICIAL_SUBPOENA}),
        frozenset({S.LIMITED_TO_REQUIREMENT}),
    ),
    LegalBasis.GRAND_JURY: Row("45 CFR 164.512(f)(1)(ii)(B)", frozenset({K.GRAND_JURY_SUBPOENA}), frozenset({S.LIMITED_TO_REQUIREMENT})),
    LegalBasis.ADMINISTRATIVE_REQUEST: Row(
        "45 CFR 164.512(f)(1)(ii)(C)",
        frozenset({K.ADMINISTRATIVE_DEMAND}),
        frozenset({S.RELEVANT_AND_MATERIAL, S.SPECIFIC_AND_LIMITED, S.DEIDENTIFIED_INSUFFICIENT}),
    ),
    # The list of (f)(2)(i) is short: name, address, date of birth. Treatment only by its date and time, which no category here is.
    LegalBasis.LOCATING: Row(
        "45 CFR 164.512(f)(2)",
        frozenset({K.LOCATING_REQUEST}),
        frozenset({S.TO_LOCATE_OR_IDENTIFY}),
        only=frozenset({RecordCategory.CONTACT_AND_DEMOGRAPHICS}),
    ),
    LegalBasis.VICTIM_AGREED: Row("45 CFR 164.512(f)(3)(i)", frozenset({K.CRIME_VICTIM_REQUEST}), frozenset({S.CLIENT_AGREED})),
    LegalBasis.VICTIM_INCAPACITY: Row(
        "45 CFR 164.512(f)(3)(ii)",
        frozenset({K.CRIME_VICTIM_REQUEST}),
        frozenset({S.CLIENT_INCAPABLE, S.ANOTHERS_VIOLATION, S.NOT_AGAINST_CLIENT, S.CANNOT_WAIT, S.IN_CLIENTS_INTEREST}),
    ),
}

UNDATED = frozenset({RecordCategory.CONTACT_AND_DEMOGRAPHICS, RecordCategory.COVERAGE})
"""What has no day of its own: a demand for these needs no period."""


class Content(BaseModel):
    """What a demand says and how it is to be answered: what a second officer approves."""

    model_config = ConfigDict(frozen=True)

    client_id: UUID
    kind: DemandKind
    legal_basis: LegalBasis
    law: str | None = None
    authority_name: str
    authority_address: str | None = None
    identity_evidence: IdentityEvidence
    reference: str
    received_at: AwareDatetime
    respond_by: AwareDatetime
    statements: tuple[Statement, ...] = ()
    scope: Scope
    minimum_necessary: str
    """Why no less would do."""
    document_id: UUID
    assurance_document_id: UUID | None = None


def digest_of(demand_id: UUID, content: Content, documents: Mapping[UUID, str]) -> str:
    """SHA-256 of the content and of its documents' digests, in hex: the approval names it."""
    named = sorted(f"{document_id} {digest}" for document_id, digest in documents.items())
    return sha256("\n".join([str(demand_id), content.model_dump_json(), *named]).encode()).hexdigest()


def check(content: Content, now: datetime) -> None:
    """Raises Problem for a basis that does not fit, for what it needs and is not there, and for a scope that is too wide."""
    row = BASES[content.legal_basis]
    if content.kind not in row.kinds:
        detail = f"{row.citation} does not cover a {content.kind}."
        raise Problem("basis_not_fitting", detail, field="legal_basis", rule="C7", citation=row.citation)
    _check_needs(content, row)
    _check_scope(content.scope, row)
    if content.received_at > now:
        raise Problem("invalid_request", "It cannot have been received later than now.", field="received_at", rule="C7")


def _check_needs(content: Content, row: Row) -> None:
    if missing := sorted(row.statements - set(content.statements)):
        raise _needed("statements", f"{row.citation} asks for: {', '.join(missing)}.", row)
    if row.law and not (content.law or "").strip():
        raise _needed("law", f"{row.citation} asks for the law that it rests on.", row)
    if row.assurance and content.assurance_document_id is None:
        raise _needed("assurance_document_id", f"{row.citation} asks for a document of satisfactory assurance.", row)
    if not content.minimum_necessary.strip():
        raise _needed("minimum_necessary", "Say why no less would do.", row)


def _needed(field: str, detail: str, row: Row) -> Problem:
    return Problem("legal_need_missing", detail, field=field, rule="C7", citation=row.citation)


def _check_scope(scope: Scope, row: Row) -> None:
    """Minimum necessary, 45 CFR 164.502(b): named category by category, and for a period wherever a record has a day."""
    wanted = frozenset(scope.categories)
    if not wanted:
        raise Problem("scope_not_allowed", "Name the categories that are demanded.", field="scope.categories", rule="C7")
    if row.only is not None and wanted - row.only:
        detail = f"{row.citation} allows only: {', '.join(sorted(row.only))}."
        raise Problem("scope_not_allowed", detail, field="scope.categories", rule="C7", citation=row.citation)
    if wanted - UNDATED and (scope.since is None or scope.until is None):
        raise Problem("scope_not_allowed", "Name the first and the last day that the demand covers.", field="scope.since", rule="C7")
    if scope.since and scope.until and scope.since > scope.until:
        raise Problem("scope_not_allowed", "The first day comes after the last.", field="scope.until", rule="C7")
