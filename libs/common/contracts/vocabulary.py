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


class Choice(StrEnum):
    """What a client answers when first asked (C2). There is no third value and no default."""

    OPT_IN = "opt_in"
    DECLINE = "decline"


class Sink(StrEnum):
    """Every place that individual data can have reached. A sink that is not here cannot be proven."""

    EXPORT_ROWS = "export_rows"
    PARTNER_TOPIC = "partner_topic"
    RECALL_SENT = "recall_sent"
    RECALL_ACKNOWLEDGED = "recall_acknowledged"
