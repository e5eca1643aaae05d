"""Audits of a recipient (C14): what one may find, how grave it is, and when the next one is due. Pure."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from common.problems import Problem


class Outcome(StrEnum):
    SATISFACTORY = "satisfactory"
    FINDINGS = "findings"
    FAILED = "failed"
    """Somebody decides whether the contract is ended: an audit ends none by itself."""


class FindingCode(StrEnum):
    ENCRYPTION = "encryption"
    ACCESS_CONTROL = "access_control"
    REDISCLOSURE = "redisclosure"
    USE_BEYOND_PURPOSE = "use_beyond_purpose"
    DELETION_LATE = "deletion_late"
    DELETION_INCOMPLETE = "deletion_incomplete"
    BREACH_NOTICE = "breach_notice"
    TRAINING = "training"
    RECORDS = "records"
    """What it received and what became of it cannot be shown."""


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def next_due(since: date, performed: Iterable[date], every_months: int) -> date:
    """`since`: the first day of the contract that is in force. An audit before it counts."""
    return months_later(max([since, *performed]), every_months)


def months_later(day: date, months: int) -> date:
    """The same day, or the last one of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def check_report(outcome: Outcome, findings: int, performed_on: date, today: date) -> None:
    """Raises Problem for what does not go together, and for a day to come."""
    if performed_on > today:
        raise Problem("invalid_request", "Report an audit that was performed.", field="performed_on", rule="C14")
    if (findings > 0) == (outcome is Outcome.SATISFACTORY):
        raise Problem("invalid_request", "Findings go with every outcome but a satisfactory one.", field="outcome", rule="C14")
