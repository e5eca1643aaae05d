"""Whom a resource is about, who answered, when, and whether it is meant to be read at all. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from assessments.fhir.findings import Finding, finding
from assessments.fhir.sent import Json, Sent, mapping, reference_of, text
from common.contracts.assessments import AnsweredBy

FIRST = datetime(1999, 1, 1, tzinfo=UTC)
"""No instrument here is older."""
SKEW = timedelta(minutes=5)
"""How far the sender's clock may be ahead."""
NOON = time(12, tzinfo=UTC)
USABLE = frozenset({"completed", "final", "amended", "corrected"})


@dataclass(frozen=True, slots=True)
class Context:
    """`subjects`: the references that mean this client. `resources`: all that was sent, by what refers to it. `flaws`: what was found in an
    observation already, since one may be a member of many."""

    client_id: UUID
    subjects: frozenset[str]
    now: datetime
    resources: Mapping[str, Sent]
    flaws: dict[str, list[Finding]] = field(default_factory=dict)


def check(one: Sent, context: Context) -> list[Finding]:
    """Status, modifiers and subject."""
    status = one.body.get("status")
    found = []
    if status == "entered-in-error":
        found.append(finding(one.label, "status", "entered_in_error"))
    elif not isinstance(status, str) or status not in USABLE:
        found.append(finding(one.label, "status", "not_completed"))
    if one.body.get("modifierExtension") or one.body.get("implicitRules"):
        found.append(finding(one.label, "", "modifier_extension"))
    subject = reference_of(one.body.get("subject"))
    if subject is None:
        found.append(finding(one.label, "subject", "subject_missing"))
    elif subject not in context.subjects and subject.lower() not in context.subjects:
        found.append(finding(one.label, "subject", "subject_other"))
    return found


def moment_of(one: Sent, fields: tuple[str, ...], now: datetime) -> tuple[datetime | None, list[Finding]]:
    """The first of these fields that is there. It may be ahead of `now` by a clock's error, or because noon of the day is still to come."""
    name = next((name for name in fields if one.body.get(name) is not None), None)
    if name is None:
        return None, [finding(one.label, fields[0], "authored_missing")]
    said = text(one.body[name])
    at = _read(said) if said else None
    if at is None or at < FIRST:
        return None, [finding(one.label, name, "authored_unreadable")]
    if len(said or "") == len("2026-11-22"):
        return _on_day(one, name, at, now)
    if at > now + SKEW:
        return None, [finding(one.label, name, "authored_in_future")]
    return at, []


def _on_day(one: Sent, name: str, noon: datetime, now: datetime) -> tuple[datetime | None, list[Finding]]:
    if noon.date() > now.astimezone(UTC).date():
        return None, [finding(one.label, name, "authored_in_future")]
    return noon, [finding(one.label, name, "authored_imprecise")]


def _read(said: str) -> datetime | None:
    """A moment has an offset in FHIR; of a day it is noon."""
    try:
        at = datetime.fromisoformat(said)
        if len(said) == len("2026-11-22"):
            return datetime.combine(at.date(), NOON)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def answered_by(body: Json, fields: tuple[str, ...], context: Context) -> AnsweredBy:
    """A practitioner's own words; the client's where nothing is said."""
    for name in fields:
        said = body.get(name)
        who = mapping(said[0] if isinstance(said, list) and said else said)
        if who:
            return "provider" if _is_practitioner(who, context) else "client"
    return "client"


def _is_practitioner(who: Json, context: Context) -> bool:
    reference = reference_of(who) or ""
    target = context.resources.get(reference)
    kinds = (text(who.get("type")) or "", target.kind if target else "", *reference.split("/")[-2:-1])
    return any(kind in ("Practitioner", "PractitionerRole") for kind in kinds)
