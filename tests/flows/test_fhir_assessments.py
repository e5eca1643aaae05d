"""FHIR over HTTP: what others hold comes in, is scored by us, goes out and comes back without being there twice."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from assessments.fhir.routes import FHIR_JSON
from tests.assessments.fhir.people import GAD_7, PHQ_9, Json, bundle, item, items
from tests.assessments.responses.sent import Sent
from tests.story import Story

SSN = "219-09-9999"
SUBJECT = "Patient/e7"
Caller = tuple[str, UUID]


@pytest.fixture
async def sent(story: Story) -> Sent:
    return await Sent(story, story.provider).begin("gad-7")


def response(of: list[Json], authored: str, **more: Any) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "subject": {"reference": SUBJECT},
        "authored": authored,
        "item": of,
        **more,
    }


def record(authored: str) -> Json:
    """As another system gives it: a PHQ-9 with item 9 above 0 and a total that is not its own, and what cannot be taken."""
    stated = {"linkId": "/44261-6", "answer": [{"valueDecimal": 4}]}
    patient = {"resourceType": "Patient", "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": SSN}]}
    good = response([*items(PHQ_9), item("69722-7", "LA6573-5"), stated], authored)
    return bundle(patient, good, response(items(GAD_7), authored, status="in-progress"), kind="transaction")


async def imports(sent: Sent, by: Caller, body: Json | str, subject: str | None = SUBJECT, kind: str = FHIR_JSON) -> httpx.Response:
    about = f"client_id={sent.client}" + (f"&subject={subject}" if subject else "")
    text = body if isinstance(body, str) else json.dumps(body)
    token = sent.story.token(*by)
    return await sent.story.call("assessments", "POST", f"/v1/fhir/import?{about}", token, content=text, headers={"content-type": kind})


async def test_a_record_comes_in_once_and_is_scored_by_us(sent: Sent) -> None:
    staff, provider = ("operations", uuid4()), ("provider", sent.provider)
    body = record((datetime.now(UTC) - timedelta(hours=1)).isoformat())
    first = await imports(sent, staff, body)
    assert first.status_code == 200, first.text
    taken, refused = first.json()["resources"]
    assert (taken["outcome"], [found["code"] for found in taken["findings"]]) == ("imported", ["stated_total_differs"])
    assert (refused["outcome"], [found["code"] for found in refused["findings"]]) == ("refused", ["not_completed"])
    assert first.json()["ignored"] == {"Patient": 1}

    again = await imports(sent, provider, body)
    assert [one["outcome"] for one in again.json()["resources"]] == ["already_held", "refused"]
    [scored] = (await sent.does("client", sent.client, "GET", f"/v1/assessment-responses?client_id={sent.client}")).json()["items"]
    assert (scored["total"], scored["stated_total"], scored["stated_total_differs"], scored["source"]) == (9, 4, True, "fhir")
    assert scored["response_id"] == taken["response_id"]
    told = await sent.told()
    kinds = [kind for kind, _ in told]
    assert (kinds.count("assessment_completed"), kinds.count("safety_flag_raised")) == (1, 1)
    assert not any("LA65" in payload or SSN in payload for _, payload in told), "neither answers nor an SSN are on the bus"
    [row] = await sent.run("select to_jsonb(r)::text as kept from assessment_response r where client_id = $1", sent.client)
    assert not {word for word in (SSN, SUBJECT, "us-ssn") if word in row["kept"]}, "C13: codes are kept, and no string of theirs"


async def test_what_is_held_goes_out_and_comes_back_without_being_there_twice(sent: Sent) -> None:
    provider = ("provider", sent.provider)
    authored = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    [taken] = (await imports(sent, provider, response(items(PHQ_9), authored))).json()["resources"]
    assert (await sent.saves("gad-7", "69725-0", 2)).status_code == 200
    given = await sent.does("client", sent.client, "GET", f"/v1/fhir/Bundle?client_id={sent.client}")
    assert given.headers["content-type"] == FHIR_JSON
    held = [(one["resource"]["resourceType"], one["resource"]["status"]) for one in given.json()["entry"]]
    assert held == [("QuestionnaireResponse", "completed"), ("Observation", "final"), ("QuestionnaireResponse", "in-progress")]
    back = await imports(sent, provider, given.json(), None)
    assert [one["outcome"] for one in back.json()["resources"]] == ["already_held", "part", "refused"]
    for kind, code in (("QuestionnaireResponse", "completed"), ("Observation", "final")):
        one = (await sent.does(*provider, "GET", f"/v1/fhir/{kind}/{taken['response_id']}")).json()
        assert (one["resourceType"], one["id"], one["status"]) == (kind, taken["response_id"], code)
        assert (await imports(sent, provider, one, None)).json()["resources"][0]["outcome"] == "already_held"


def total_alone() -> Json:
    coded = {"coding": [{"system": "http://loinc.org", "code": "44261-6"}]}
    about = {"status": "final", "subject": {"reference": SUBJECT}, "effectiveDateTime": "2026-11-20"}
    return {"resourceType": "Observation", "code": coded, "valueQuantity": {"value": 12}, **about}


async def test_what_cannot_be_taken_is_told_by_name_and_nothing_is_kept(sent: Sent) -> None:
    provider = ("provider", sent.provider)
    refused = await imports(sent, provider, total_alone())
    assert (refused.status_code, refused.json()["code"]) == (422, "fhir_refused")
    assert refused.headers["content-type"] == "application/problem+json"
    [one] = refused.json()["resources"]
    assert [found["code"] for found in one["findings"]] == ["authored_imprecise", "total_without_items"]
    other = await imports(sent, provider, response(items(PHQ_9), "2026-11-20T09:30:00Z"), None)
    assert [found["code"] for found in other.json()["resources"][0]["findings"]] == ["subject_other"]
    for body in ("{", '{"a": NaN}', "[" * 60_000, '{"a": ' + "9" * 5000 + "}"):
        assert (await imports(sent, provider, body)).json()["code"] == "malformed_json"
    assert (await imports(sent, provider, "{}", kind="text/plain")).json()["code"] == "invalid_request"
    assert (await imports(sent, provider, total_alone(), f"Patient/{SSN}")).json()["code"] == "ssn_refused"
    assert await sent.facts() == []
    held = await sent.does(*provider, "GET", f"/v1/fhir/Bundle?client_id={sent.client}")
    assert held.json() == {"resourceType": "Bundle", "type": "collection"}


READ_AND_SENT = {"provider": (404, 404), "client": (404, 403), "operations": (403, 422), "plan": (403, 403), "employer": (403, 403)}


async def test_C16_single_answers_are_for_the_client_and_the_provider_in_care(sent: Sent) -> None:
    stranger = uuid4()
    for role, (read, sent_in) in READ_AND_SENT.items():
        assert (await sent.does(role, stranger, "GET", f"/v1/fhir/Bundle?client_id={sent.client}")).status_code == read, role
        assert (await imports(sent, (role, stranger), total_alone())).status_code == sent_in, role
    assert (await sent.does("client", sent.client, "GET", f"/v1/fhir/Observation/{stranger}")).status_code == 404


async def test_a_questionnaire_is_found_by_its_name_and_by_its_digest(sent: Sent) -> None:
    async def get(rest: str) -> httpx.Response:
        return await sent.does("client", sent.client, "GET", f"/v1/fhir/Questionnaire{rest}")

    found = (await get("?name=phq-9&language=es-MX")).json()
    [form] = [entry["resource"] for entry in found["entry"]]
    assert (found["type"], form["language"], len(form["item"])) == ("searchset", "es", 12)
    assert (await get(f"/{form['id']}")).json() == form
    assert (await get(f"/{'0' * 64}")).status_code == 404
    assert (await get("?name=phq-2")).json()["code"] == "unknown_instrument"
