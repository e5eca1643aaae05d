"""What leaves of a client, by the one expression that everything individual is rendered with: valid R4, and nothing but what was chosen."""

import json
from collections.abc import AsyncIterator, Collection
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fhir.resources.R4B import get_fhir_model_class

from common.applying import Received
from common.cloudevents import Entry
from common.contracts.assessments import AssessmentCompleted, SatisfactionAnswered
from common.contracts.consent import OptedIn
from common.contracts.event import ClientEvent
from common.contracts.scheduling import AppointmentCancelled, AppointmentHeld, AppointmentScheduled, ClientRegistered
from common.contracts.vocabulary import Category, Channel, Programme, Purpose, Recipient
from common.db import Database
from common.migrate import migrate
from demo.partner import category_of, token_of
from deploy.local.infrastructure import Infrastructure
from reporting.app import MIGRATIONS
from reporting.projections import handlers
from reporting.redaction.tables import open_sharing
from reporting.resources.expressions import TYPES, rendered
from reporting.schema import metadata

NOW = datetime(2026, 3, 2, 12, 30, 5, 123456, tzinfo=UTC)
EVERY = tuple(Category)
SCOPE = """
with scope as (
  select s.client_id, s.programme, s.token, s.categories, k.opened_at, s.decided_at, s.notice_digest
    from sharing s join recipient_token k using (token) where s.client_id = $1)"""


@pytest.fixture(scope="module")
async def db(infrastructure: Infrastructure) -> AsyncIterator[Database]:
    name = f"resources_{uuid4().hex[:8]}"
    await infrastructure.create_database(name)
    db = await Database.open(infrastructure.dsn(name))
    await migrate(db, "reporting", MIGRATIONS, metadata, 4)
    yield db
    await db.close()
    await infrastructure.drop_database(name)


class Person:
    """Somebody with a record of every kind; the ids are ours and must not be seen."""

    def __init__(self) -> None:
        self.client_id, self.plan_id, self.employer_id, self.provider_id, self.request_id = (uuid4() for _ in range(5))
        self.own_ids: list[UUID] = [self.client_id, self.plan_id, self.employer_id, self.provider_id, self.request_id]
        self.about = {"client_id": self.client_id, "programme": Programme.CARE_CONNECT, "occurred_at": NOW}

    def new_id(self) -> UUID:
        self.own_ids.append(made := uuid4())
        return made

    def appointment(self, kind: str) -> dict[str, Any]:
        return self.about | {"appointment_id": self.new_id(), "request_id": self.request_id, "provider_id": self.provider_id, "kind": kind}


async def tell(db: Database, handler: Any, event: ClientEvent) -> None:
    entry = Entry("scheduling", 1, 1, event.event_id, event.type, event.subject, "", b"")
    async with db.begin_event() as tx:
        await handler(tx, [Received(event, entry)])


async def history_of(db: Database, person: Person) -> None:
    """A held consultation, a held session, a cancelled one, a booked one; scores of every kind."""
    registered = {"employer_id": person.employer_id, "plan_id": person.plan_id, "birth_year": 1985, "sex": "female", "state": "MA"}
    await tell(db, handlers.on_client_registered, ClientRegistered(**person.about, **registered))
    for kind, becomes in (("consultation", "held"), ("session", "held"), ("session", "cancelled"), ("session", "booked")):
        seen = person.appointment(kind)
        await tell(db, handlers.on_appointment_scheduled, AppointmentScheduled(**seen, starts_at=NOW, ends_at=NOW))
        if becomes == "held":
            await tell(db, handlers.on_appointment_held, AppointmentHeld(**seen, held_on=date(2026, 3, 10)))
        if becomes == "cancelled":
            await tell(db, handlers.on_appointment_cancelled, AppointmentCancelled(**seen, starts_at=NOW, by="client"))
    for instrument, total, method, severity in (
        ("phq-9", 14, "complete", "moderate"), ("gad-7", 9, "prorated", "mild"), ("gad-7", None, "invalid", None),
    ):  # fmt: skip
        scored = {"instrument": instrument, "total": total, "total_method": method, "severity": severity, "answered": 9}
        event = AssessmentCompleted.model_validate(person.about | scored | {"response_id": person.new_id()})
        await tell(db, handlers.on_assessment_completed, event)
    await tell(db, handlers.on_satisfaction_answered, SatisfactionAnswered(**person.about, response_id=person.new_id(), score=9))


async def share(db: Database, person: Person, categories: Collection[Category]) -> None:
    shown = {"recipient": Recipient.HEALTH_PLAN, "purpose": Purpose.PERSONALISED_RECOMMENDATIONS, "channel": Channel.PORTAL}
    notice = {"notice_version": "2026-01", "notice_language": "en", "notice_digest": "ab" * 32}
    event = OptedIn.model_validate(person.about | shown | notice | {"categories": tuple(categories)})
    await tell(db, open_sharing, event)


async def resources_of(db: Database, person: Person) -> list[dict[str, Any]]:
    rows = await db.pool.fetch(f"{SCOPE} select type, body::text from ({rendered('scope')}) r", person.client_id)
    found = [json.loads(row["body"]) for row in rows]
    assert [row["type"] for row in rows] == [resource["resourceType"] for resource in found]
    return found


async def somebody(db: Database, categories: Collection[Category] = EVERY) -> tuple[Person, list[dict[str, Any]]]:
    person = Person()
    await history_of(db, person)
    await share(db, person, categories)
    return person, await resources_of(db, person)


async def test_R4_every_resource_is_valid_and_every_type_is_there(db: Database) -> None:
    _, found = await somebody(db)
    assert {resource["resourceType"] for resource in found} == set(TYPES)
    for resource in found:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    ids = [(resource["resourceType"], resource["id"]) for resource in found]
    assert len(ids) == len(set(ids))


async def test_R4_everything_refers_to_the_one_patient_and_to_what_is_there(db: Database) -> None:
    _, found = await somebody(db)
    (patient,) = (resource for resource in found if resource["resourceType"] == "Patient")
    assert {token_of(resource) for resource in found} == {patient["id"]}
    there = {f"{resource['resourceType']}/{resource['id']}" for resource in found}
    for resource in found:
        others = [*resource.get("derivedFrom", []), *(resource.get("appointment", []) if resource["resourceType"] == "Encounter" else [])]
        assert {other["reference"] for other in others} <= there


async def test_C6_none_of_our_own_ids_and_no_provider_is_in_it(db: Database) -> None:
    person, found = await somebody(db)
    text = json.dumps(found)
    assert [own for own in person.own_ids if str(own) in text or own.hex in text] == []


@pytest.mark.parametrize("category", EVERY)
async def test_C17_of_one_category_nothing_else_is_in_it(db: Database, category: Category) -> None:
    _, found = await somebody(db, [category])
    assert {category_of(resource) for resource in found} <= {category, None}
    bare = [resource for resource in found if category_of(resource) is None]
    assert {resource["resourceType"] for resource in bare} <= {"Patient", "Consent"}
    for resource in bare:
        assert not {"gender", "birthDate", "address"} & set(resource)


async def test_C16_how_long_anybody_was_seen_is_not_in_it(db: Database) -> None:
    _, found = await somebody(db)
    seen = [resource for resource in found if resource["resourceType"] in ("Appointment", "Encounter")]
    assert seen
    for resource in seen:
        assert not {"end", "minutesDuration", "length"} & set(resource)
        assert "end" not in resource.get("period", {})


async def test_C16_without_its_own_consent_no_more_than_one_session_is_in_it(db: Database) -> None:
    _, found = await somebody(db, [category for category in EVERY if category is not Category.SESSION_FREQUENCY])
    kinds = [r["appointmentType"]["coding"][0]["code"] for r in found if r["resourceType"] == "Appointment"]
    assert sorted(kinds) == ["consultation", "session"]


async def test_C16_a_session_that_is_cancelled_and_booked_anew_is_the_same_resource(db: Database) -> None:
    """A new id for each would leave a row of them with whoever follows the increments."""
    person = Person()
    await share(db, person, [category for category in EVERY if category is not Category.SESSION_FREQUENCY])
    seen: list[list[tuple[str, str]]] = []
    for _ in range(3):
        booked = person.appointment("session")
        await tell(db, handlers.on_appointment_scheduled, AppointmentScheduled(**booked, starts_at=NOW, ends_at=NOW))
        for cancelled in (False, True):
            if cancelled:
                await tell(db, handlers.on_appointment_cancelled, AppointmentCancelled(**booked, starts_at=NOW, by="client"))
            seen.append([(r["id"], r["status"]) for r in await resources_of(db, person) if r["resourceType"] == "Appointment"])
    assert [len(found) for found in seen] == [1] * 6
    assert [found[0][1] for found in seen] == ["booked", "cancelled"] * 3
    assert len({found[0][0] for found in seen}) == 1


async def test_C8_two_consents_of_one_person_share_no_id(db: Database) -> None:
    person, before = await somebody(db)
    await share(db, person, EVERY)
    after = await resources_of(db, person)
    assert len(before) == len(after)
    assert {resource["id"] for resource in before} & {resource["id"] for resource in after} == set()


async def test_C11_the_consent_names_the_notice_the_purpose_and_the_categories(db: Database) -> None:
    _, found = await somebody(db, [Category.SATISFACTION])
    (consent,) = (resource for resource in found if resource["resourceType"] == "Consent")
    assert consent["policy"] == [{"uri": f"urn:care-connect:notice:{'ab' * 32}"}]
    assert [code["coding"][0]["code"] for code in consent["provision"]["code"]] == ["satisfaction"]
    assert [purpose["code"] for purpose in consent["provision"]["purpose"]] == [Purpose.PERSONALISED_RECOMMENDATIONS]
