"""A client of whom every table of every service holds something, and what is asked about them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.contracts.privacy import SERVICES, Part
from common.contracts.vocabulary import Channel, Programme, Purpose, Recipient
from common.holdings.registry import Held, held_in
from consent.accounting.rules import Entry, LegalBasis
from consent.bundles.composing import About

NOW = datetime(2026, 11, 3, 15, 4, 5, 678901, tzinfo=UTC)
CLIENT, REQUEST, RESPONSE, SATISFACTION, OPTED_IN, OPTED_OUT = (UUID(int=n, version=4) for n in range(1, 7))
ABOUT = About(UUID(int=8, version=4), CLIENT, NOW - timedelta(days=2), NOW, "Care Connect network", "privacy@example.com")
SAID = "I was <b>not</b> asked & <script>alert('x')</script>"
AT = "2026-10-01T10:00:00.5+00:00"


def registered(service: str) -> dict[str, tuple[sa.Table, Held]]:
    """What the service's own registry says it holds of a client, with the tables themselves."""
    import_module(f"{service}.app")
    registry = getattr(import_module(f"{service}.holdings"), service.upper())
    tables: Mapping[str, sa.Table] = import_module(f"{service}.schema").metadata.tables
    return {name: (tables[name], held) for name, held in held_in(registry).items()}


def parts() -> list[Part]:
    """A row of every table by the types of its columns; those that say something are told out below."""
    found = []
    for service in SERVICES:
        tables = {
            name: [{c.name: _value(c) for c in table.columns if c.name not in held.without}]
            for name, (table, held) in registered(service).items()
        }
        for table, rows in TOLD[service].items():
            tables[table] = [tables[table][0] | row for row in rows]
        found.append(Part(service=service, as_of=NOW, tables=tables))
    return found


def _value(column: sa.Column[Any]) -> Any:
    """As a row in JSON has it."""
    if column.name == "client_id":
        return str(CLIENT)
    if isinstance(column.type, pg.UUID):
        return str(uuid4())
    return next((value for kind, value in TYPED if isinstance(column.type, kind)), column.name)


TYPED: Sequence[tuple[type[Any], Any]] = (
    (pg.ARRAY, []),
    (pg.JSONB, {"a": [1, None, "é"]}),
    (sa.Boolean, True),
    (sa.Integer, 3),
    (sa.Float, 3.5),
    (sa.DateTime, AT),
    (sa.Date, "2026-10-01"),
    (pg.BYTEA, "\\x00ff"),
)


def decision(kind: str, event_id: UUID, position: int, **said: Any) -> dict[str, Any]:
    event = {
        "event_id": str(event_id), "occurred_at": "2026-10-01T10:00:00Z", "client_id": str(CLIENT), "programme": Programme.CARE_CONNECT,
        "recipient": Recipient.HEALTH_PLAN, "purpose": Purpose.PERSONALISED_RECOMMENDATIONS, "channel": Channel.PORTAL, "on_behalf": None,
        **said,
    }  # fmt: skip
    return {"event_id": str(event_id), "type": f"consent.{kind}.v1", "position": position, "payload": json.dumps(event)}


NOTICE = {"notice_version": "2026-01", "notice_language": "en", "notice_digest": "9f" * 32}
LETTER = {"text": SAID, "subject": "Mi <i>pregunta</i> 🙂", "sender": "jordan@mail.example", "state": "queued"}
PHQ = {"44250-9": "LA6569-3", "44255-8": "LA6568-5"}

TOLD: dict[str, dict[str, list[dict[str, Any]]]] = {
    "consent": {
        "journal": [
            decision("opted_out", OPTED_OUT, 9),
            decision("opted_in", OPTED_IN, 4, categories=["appointments", "satisfaction"], **NOTICE),
        ],
        "mail": [LETTER, LETTER | {"mail_id": str(uuid4()), "text": "", "subject": ""}],
        "sharing": [{"programme": "care_connect", "decision": "opted_out"}],
    },
    "scheduling": {
        "client": [{"sex": "female", "state": "NY", "language": "es", "time_zone": "America/New_York", "birth_date": "1990-05-17"}],
        "contact": [{"kind": "client", "id": str(CLIENT), "email": "jordan@mail.example"}],
        "consultation_request": [{"request_id": str(REQUEST), "state": "in_care", "specialties": ["anxiety"], "decline_reason": None}],
        "appointment": [
            {"appointment_id": str(uuid4()), "request_id": str(REQUEST), "kind": "session", "state": state, "held_on": held_on}
            for state, held_on in (("held", "2026-10-01"), ("scheduled", None), ("cancelled", None), ("missed", None))
        ],
        "coverage_period": [{"superseded_at": None}, {"period_id": str(uuid4()), "ends_on": None, "programme": None}],
        "episode": [{"ended_at": None}],
        "notification": [
            {"recipient_kind": "client", "template": "assessment_sent_client", "read_at": None},
            {"notification_id": str(uuid4()), "recipient_kind": "provider", "template": "safety_flag_provider"},
        ],
    },
    "assessments": {
        "assessment_response": [
            {"response_id": str(RESPONSE), "instrument": "phq-9", "state": "completed", "answers": PHQ, "total": 1, "severity": "minimal"},
            {"response_id": str(SATISFACTION), "instrument": "satisfaction", "state": "completed", "total": None, "severity": None,
             "answers": {"recommend": "7", "comment": SAID}},
            {"response_id": str(uuid4()), "instrument": "gad-7", "state": "in_progress", "completed_at": None, "answers": {}},
        ],
        "safety_flag": [{"response_id": str(RESPONSE), "instrument": "phq-9", "item": "44260-8", "acknowledged_at": None}],
    },
    "reporting": {
        "recall": [
            {"decision_id": str(OPTED_OUT), "attested_at": None, "acknowledged_at": None},
            {"recall_id": str(uuid4()), "method": "deleted"},
        ],
        "unit": [{"family": family, "year": 2026, "month": "2026-10"} for family in ("care_sought", "asked", "in_treatment")],
    },
}  # fmt: skip


def disclosures() -> list[dict[str, Any]]:
    """Each way in which something leaves, a refused attempt among them."""
    return [entry.model_dump(mode="json") for entry in _entries()]


def _entries() -> Iterator[Entry]:
    told = {
        "disclosed_at": NOW - timedelta(days=9),
        "recipient_address": None,
        "records": 3,
        "purpose": Purpose.PERSONALISED_RECOMMENDATIONS,
    }
    plan = told | {"recipient_name": "The plan, Inc.", "kinds": ("appointments", "satisfaction"), "legal_basis": LegalBasis.AUTHORIZATION}
    yield Entry(entry_id=uuid4(), path="export", recall="sent", recalled_by=OPTED_OUT, **plan)
    yield Entry(entry_id=uuid4(), path="partner_topic", **plan)
    yield Entry(entry_id=uuid4(), path="sealing_key", **(plan | {"records": None}))
    court = {
        "recipient_name": "Court <of> Appeals",
        "recipient_address": "1 Main St\nAlbany",
        "kinds": ("coverage",),
        "purpose": "legal_demand",
    }
    for outcome in ("released", "refused"):
        yield Entry(entry_id=uuid4(), path="legal_release", legal_basis="order_of_tribunal", outcome=outcome, **(told | court))


def rows_of(given: list[Part]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for part in given:
        for table, rows in part.tables.items():
            for row in rows:
                yield part.service, table, row
