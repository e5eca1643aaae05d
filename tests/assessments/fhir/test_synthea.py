"""Synthea's synthetic people: format and volume. Its totals have no items, so none of them is a response."""

import csv
import gzip
from collections import Counter, defaultdict

import pytest

from tests.assessments.fhir.people import DATA, Json, load, needs_data, read

PHQ_2, PHQ_9, GAD_7 = "55758-7", "44261-6", "70274-6"
FINDINGS = {
    "Alfredia958": {"total_without_items": 1, "other_instrument": 1},
    "Alphonse92": {"other_instrument": 2},
    "Antwan357": {"other_instrument": 1},
    "Christopher407": {"total_without_items": 1, "other_instrument": 2},
    "Dionne995": {"total_without_items": 1},
    "Kathern391": {"total_without_items": 1, "other_instrument": 1},
    "Maragret485": {"total_without_items": 7, "other_instrument": 6},
    "Shannon293": {"total_without_items": 3, "other_instrument": 3},
    "hospitalInformation": {},
    "practitionerInformation": {},
}
"""The PHQ-2 is another instrument."""
pytestmark = needs_data


def bundle(name: str) -> Json:
    [path] = (DATA / "synthea" / "fhir").glob(f"{name}*.json.gz")
    return load(path)


def test_no_bundle_is_left_out() -> None:
    assert len(list((DATA / "synthea" / "fhir").iterdir())) == len(FINDINGS)


@pytest.mark.parametrize("name", FINDINGS)
def test_what_is_wrong_in_it_is_told_by_name(name: str) -> None:
    sent = bundle(name)
    patient = next((entry["fullUrl"] for entry in sent["entry"] if entry["resource"]["resourceType"] == "Patient"), None)
    found = read(sent, patient)
    assert Counter(one.code for one in found.findings) == FINDINGS[name]
    assert found.responses == ()
    assert len(found.fates) + sum(found.ignored.values()) == len(sent["entry"])


def test_of_somebody_else_every_total_says_so_too() -> None:
    found = read(bundle("Maragret485"))
    assert Counter(one.code for one in found.findings) == {"subject_other": 13, **FINDINGS["Maragret485"]}


def test_no_ssn_of_a_patient_is_in_what_is_told() -> None:
    """C13: the patients of these bundles have Social Security numbers."""
    sent = bundle("Maragret485")
    assert "http://hl7.org/fhir/sid/us-ssn" in str(sent)
    ssn = next(
        identifier["value"]
        for entry in sent["entry"]
        if entry["resource"]["resourceType"] == "Patient"
        for identifier in entry["resource"]["identifier"]
        if identifier.get("system") == "http://hl7.org/fhir/sid/us-ssn"
    )
    assert ssn not in str(read(sent))


def test_the_PHQ_9_is_there_exactly_where_the_PHQ_2_is_3_or_more() -> None:
    values: dict[str, dict[str, float]] = defaultdict(dict)
    with gzip.open(DATA / "synthea" / "screening_observations.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            values[row["ENCOUNTER"]][row["CODE"]] = float(row["VALUE"])
    with_phq_9 = {encounter for encounter, found in values.items() if PHQ_9 in found}
    positive = {encounter for encounter, found in values.items() if found.get(PHQ_2, 0) >= 3}
    assert len(with_phq_9) == 169
    assert with_phq_9 == positive
