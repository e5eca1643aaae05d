"""What a kick-off may ask for, and what is refused or left aside."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from common.problems import Problem
from reporting.exports.asking import Wanted, gather, is_lenient, understand
from reporting.exports.rules import OutputFormat, known_to_recipient
from reporting.resources.expressions import TYPES

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
UNSUPPORTED = ("_until", "_elements", "_typeFilter", "includeAssociatedData", "allowPartialManifests", "_anything")


def asked(*pairs: tuple[str, str], lenient: bool = False, patients: bool = True) -> Wanted:
    return understand(gather(pairs), TYPES, NOW, lenient=lenient, patients=patients)


def refused(*pairs: tuple[str, str], lenient: bool = False, patients: bool = True) -> tuple[str, str]:
    with pytest.raises(Problem) as found:
        asked(*pairs, lenient=lenient, patients=patients)
    return found.value.code, found.value.extra["field"]


def test_types_are_repeated_or_separated_by_commas() -> None:
    assert asked(("_type", "Patient, Observation"), ("_type", "Consent")).types == ("Patient", "Consent", "Observation")
    assert asked().types == ()


def test_C17_a_type_that_is_unknown_is_refused_and_never_means_everything() -> None:
    assert refused(("_type", "Patient,Practitioner")) == ("not_supported", "_type")
    lenient = asked(("_type", "Patient,Practitioner"), lenient=True)
    assert (lenient.types, lenient.ignored) == (("Patient",), ["_type"])
    for none in ("Practitioner", "", ","):
        assert refused(("_type", none)) == refused(("_type", none), lenient=True) == ("invalid_request", "_type")


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_is_refused_or_left_aside_and_said(name: str) -> None:
    assert refused((name, "2026-01-01T00:00:00Z")) == ("not_supported", name)
    assert asked((name, "2026-01-01T00:00:00Z"), lenient=True).ignored == [name]


def test_since_is_an_instant_that_is_over() -> None:
    assert asked(("_since", "2026-03-01T10:00:00.123456Z")).since == datetime(2026, 3, 1, 10, 0, 0, 123456, tzinfo=UTC)
    assert asked(("_since", "2026-03-01T10:00:00 05:00")).since == datetime(2026, 3, 1, 5, tzinfo=UTC), "a plus sign not escaped"
    later = (NOW + timedelta(seconds=1)).isoformat()
    for wrong in ("yesterday", "2026-03-01", "2026-03-01T10:00:00", later, ""):
        assert refused(("_since", wrong), lenient=True) == ("invalid_request", "_since")
    assert refused(("_since", "2026-03-01T10:00:00Z"), ("_since", "2026-03-01T11:00:00Z")) == ("invalid_request", "_since")


@pytest.mark.parametrize("said", ["application/fhir+ndjson", "application/ndjson", "ndjson"])
def test_ndjson_has_three_names(said: str) -> None:
    assert asked(("_outputFormat", said)).output_format is OutputFormat.NDJSON


def test_parquet_is_by_type_and_other_formats_are_refused() -> None:
    assert asked(("_outputFormat", "parquet")).output_format is OutputFormat.PARQUET
    assert refused(("_outputFormat", "text/csv")) == ("not_supported", "_outputFormat")
    assert refused(("_outputFormat", "parquet"), ("organizeOutputBy", "Patient")) == ("not_supported", "organizeOutputBy")
    lenient = asked(("_outputFormat", "parquet"), ("organizeOutputBy", "Patient"), lenient=True)
    assert (lenient.by_patient, lenient.ignored) == (False, ["organizeOutputBy"])


def test_output_is_organised_by_patient_and_by_nothing_else() -> None:
    assert asked(("organizeOutputBy", "Patient")).by_patient
    assert refused(("organizeOutputBy", "Organization")) == ("not_supported", "organizeOutputBy")


def test_C17_patients_left_aside_would_be_all_so_they_are_refused() -> None:
    one, other = uuid4(), uuid4()
    assert asked(("patient", f"Patient/{one}"), ("patient", f"Patient/{other}")).patients == (one, other)
    assert refused(("patient", f"Patient/{one}"), lenient=True, patients=False) == ("invalid_request", "patient")
    assert refused(("patient", "Patient/somebody"), lenient=True) == ("invalid_request", "patient")
    assert asked(("patient", "")).patients == (), "nobody, and not everybody"


def test_the_manifest_is_of_version_3_unless_4_is_asked_for() -> None:
    assert (asked().manifest_version, asked(("_manifestVersion", "4")).manifest_version) == (3, 4)
    assert refused(("_manifestVersion", "5")) == ("not_supported", "_manifestVersion")


@pytest.mark.parametrize("prefer", ["handling=lenient", "respond-async, handling=lenient", "respond-async;Handling=Lenient"])
def test_prefer_says_lenient(prefer: str) -> None:
    assert is_lenient(prefer)
    assert not any(is_lenient(said) for said in (None, "", "respond-async", "handling=strict"))


def test_C16_after_an_opt_out_nobody_is_told_of_what_they_were_never_given() -> None:
    kept = ["Patient/1", "Consent/1", "Appointment/1", "Encounter/1", "Observation/1", "Observation/2"]
    assert known_to_recipient(kept, TYPES, ["satisfaction"]) == ("Consent/1", "Observation/1", "Observation/2", "Patient/1")
    assert known_to_recipient(kept, TYPES, []) == ("Consent/1", "Patient/1")
    assert known_to_recipient(kept, ["Observation"], ["satisfaction"]) == ("Observation/1", "Observation/2")
