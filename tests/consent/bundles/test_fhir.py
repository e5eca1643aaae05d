"""What FHIR has a resource for is valid R4B, and refers to nothing that is not there."""

import json
from collections import Counter
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from consent.bundles.composing import compose
from consent.bundles.fhir.bundle import references_in
from tests.consent.bundles import sample
from tests.consent.bundles.sample import ABOUT, CLIENT, OPTED_IN, OPTED_OUT, RESPONSE, SAID

Resource = dict[str, Any]


@pytest.fixture(scope="session")
def bundle(files: dict[str, bytes]) -> Resource:
    read: Resource = json.loads(files["fhir/bundle.json"])
    return read


def resources(bundle: Resource, kind: str) -> list[Resource]:
    return [entry["resource"] for entry in bundle["entry"] if entry["resource"]["resourceType"] == kind]


def test_C10_the_bundle_is_valid_fhir_and_nothing_of_a_full_part_is_left_out_of_it(files: dict[str, bytes], bundle: Resource) -> None:
    read = Bundle.model_validate(bundle)
    assert read.type == "collection" and len(read.entry) == len(bundle["entry"])
    assert json.loads(files["manifest.json"])["only_in_records"] == []
    assert Counter(entry["resource"]["resourceType"] for entry in bundle["entry"]) == {
        "Patient": 1, "Coverage": 2, "ServiceRequest": 1, "EpisodeOfCare": 1, "Appointment": 4, "Encounter": 1, "Communication": 4,
        "QuestionnaireResponse": 3, "Observation": 2, "Flag": 1, "Consent": 2, "AuditEvent": 5, "Task": 2,
    }  # fmt: skip


def test_C10_every_reference_resolves_inside_the_bundle(bundle: Resource) -> None:
    there = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(there) == len(set(there))
    assert set(references_in(bundle)) <= set(there)
    assert {f"urn:uuid:{CLIENT}", f"urn:uuid:{RESPONSE}", f"urn:uuid:{OPTED_OUT}"} <= set(references_in(bundle))


def test_C10_the_single_answers_are_in_it_and_the_totals_follow_from_them(bundle: Resource) -> None:
    phq, satisfaction, draft = resources(bundle, "QuestionnaireResponse")
    assert phq["item"][0]["answer"] == [{"valueCoding": {"system": "http://loinc.org", "code": "LA6569-3"}}]
    assert satisfaction["item"][1]["answer"] == [{"valueString": SAID}] and draft["status"] == "in-progress"
    total, unknown = resources(bundle, "Observation")
    assert total["valueQuantity"]["value"] == 1 and total["derivedFrom"] == [{"reference": f"urn:uuid:{RESPONSE}"}]
    assert "valueQuantity" not in unknown and unknown["dataAbsentReason"]["coding"][0]["code"] == "unknown"


def test_C9_each_decision_is_a_consent_and_only_one_that_stands_and_shares_is_active(bundle: Resource) -> None:
    found = {one["id"]: one for one in resources(bundle, "Consent")}
    assert found.keys() == {str(OPTED_IN), str(OPTED_OUT)}
    assert {one["status"] for one in found.values()} == {"inactive"}
    assert [code["coding"][0]["code"] for code in found[str(OPTED_IN)]["provision"]["code"]] == ["appointments", "satisfaction"]
    opted_in_only = sample.parts()
    opted_in_only[0].tables["journal"].pop(0)
    later = json.loads(compose(ABOUT, opted_in_only, [], "en")["fhir/bundle.json"])
    assert [one["status"] for one in resources(later, "Consent")] == ["active"]


def test_C9_each_disclosure_is_an_audit_event_also_what_was_refused(bundle: Resource) -> None:
    found = resources(bundle, "AuditEvent")
    assert [one["outcome"] for one in found] == ["0", "0", "0", "0", "4"]
    assert found[0]["agent"][0]["who"]["display"] == "The plan, Inc." and found[0]["entity"][0]["what"]["reference"] == f"urn:uuid:{CLIENT}"


def test_C10_what_is_not_valid_and_what_refers_to_it_stands_in_the_records_only() -> None:
    odd = sample.parts()
    scheduling, assessments = odd[1].tables, odd[2].tables
    scheduling["appointment"][0]["starts_at"] = "infinity"
    assessments["assessment_response"][0]["response_id"] = "not an id / at all"
    assessments["safety_flag"][0]["response_id"] = "not an id / at all"
    files = compose(ABOUT, odd, [], "en")
    left_out = json.loads(files["manifest.json"])["only_in_records"]
    kinds = Counter(name.split("/")[0] for name in left_out)
    assert kinds == {"Appointment": 1, "Encounter": 1, "QuestionnaireResponse": 1, "Observation": 1, "Flag": 1}
    read = json.loads(files["fhir/bundle.json"])
    Bundle.model_validate(read)
    assert set(references_in(read)) <= {entry["fullUrl"] for entry in read["entry"]}
    assert "infinity" in files["records/scheduling.json"].decode()
