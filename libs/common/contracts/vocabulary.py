"""The words that services share: programmes, recipient, purpose, categories, decisions (C5, C16, C17)."""

from enum import StrEnum


class Programme(StrEnum):
    CARE_CONNECT = "care_connect"
    EWS = "emotional_wellbeing_solutions"


class Recipient(StrEnum):
    """C5: the health plan is the only recipient there is."""

    HEALTH_PLAN = "health_plan"


class Purpose(StrEnum):
    """C5: the only purpose individual data may be shared for."""

    PERSONALISED_RECOMMENDATIONS = "personalised_health_recommendations"


class Category(StrEnum):
    """What a client may share, each by itself (C16, C17)."""

    CONTACT_AND_DEMOGRAPHICS = "contact_and_demographics"
    APPOINTMENTS = "appointments"
    SESSION_FREQUENCY = "session_frequency"
    ASSESSMENT_RESULTS = "assessment_results"
    SATISFACTION = "satisfaction"


DEFAULT_CATEGORIES = (Category.APPOINTMENTS, Category.ASSESSMENT_RESULTS, Category.SATISFACTION)
"""What an opt-in means that names no category. C16: session frequency is off unless it is named."""


class Channel(StrEnum):
    """How a decision reached us (C4)."""

    PORTAL = "portal"
    CONSULTATION_REQUEST = "consultation_request"
    STAFF = "staff"
    """By staff on the client's behalf: who asked and how identity was checked stands with the decision."""
    EMAIL = "email"
    OPT_OUT_LINK = "opt_out_link"
    """The signed one-click link in a mail (RFC 8058). It can only opt out."""


class AskedBy(StrEnum):
    """Who asked staff to act."""

    CLIENT = "client"
    PERSONAL_REPRESENTATIVE = "personal_representative"
    """45 CFR 164.502(g)."""


class IdentityCheck(StrEnum):
    """How staff made sure of who asked. Opting out needs none; opting in does."""

    NOT_CHECKED = "not_checked"
    CALLED_BACK = "called_back"
    """On the number that the portal has on file."""
    KNOWLEDGE_QUESTIONS = "knowledge_questions"
    GOVERNMENT_ID = "government_id"
    IN_PERSON = "in_person"
    AUTHENTICATED_MAIL = "authenticated_mail"


class SuspensionReason(StrEnum):
    """Why sharing waits for the privacy officer."""

    UNCLEAR_MAIL = "unclear_mail"
    UNAUTHENTICATED_MAIL = "unauthenticated_mail"
    SHARED_ADDRESS = "shared_address"


class Choice(StrEnum):
    """What a client answers when first asked (C2). There is no third value and no default."""

    OPT_IN = "opt_in"
    DECLINE = "decline"


class DeletionMethod(StrEnum):
    """How a recipient says that it has deleted what was recalled."""

    DELETED = "deleted"
    DESTROYED_MEDIA = "destroyed_media"
    CRYPTOGRAPHIC_ERASURE = "cryptographic_erasure"
    """The keys are destroyed (NIST SP 800-88)."""
    NOT_RETAINED = "not_retained"
    """There was nothing left to delete."""


class AttestingRole(StrEnum):
    """Who states it for the recipient. A title; names are not kept."""

    PRIVACY_OFFICER = "privacy_officer"
    DATA_PROTECTION_OFFICER = "data_protection_officer"
    SECURITY_OFFICER = "security_officer"
    RECORDS_MANAGER = "records_manager"


class Sink(StrEnum):
    """Every place that individual data can have reached. A sink that is not here cannot be proven."""

    EXPORT_ROWS = "export_rows"
    PARTNER_TOPIC = "partner_topic"
    RECALL_SENT = "recall_sent"
    RECALL_ACKNOWLEDGED = "recall_acknowledged"
    """The recipient has the recall, and uses nothing of it any more."""
    RECALL_ATTESTED = "recall_attested"
    """The recipient has stated that it is deleted, and how."""
