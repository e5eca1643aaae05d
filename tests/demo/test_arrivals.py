"""Whose a line is that the plan got, and whether it was written down where it left."""

import json
from uuid import uuid4

import pytest

from demo.history import Received, Release
from demo.race_arrivals import Arrivals, tokens_of
from demo.race_follower import Held, held
from demo.recorder import Answer

TOKEN, OTHER, OWN = str(uuid4()), str(uuid4()), str(uuid4())
PATIENT = {"id": TOKEN, "resourceType": "Patient"}
SCORE = {"id": OWN, "resourceType": "Observation", "subject": {"reference": f"Patient/{TOKEN}"}}
VISIT = {"id": OWN, "participant": [{"actor": {"reference": f"Patient/{OTHER}"}}], "resourceType": "Appointment"}
HEADER = {"parameter": [{"name": "header", "valueReference": {"reference": f"Patient/{TOKEN}"}}], "resourceType": "Parameters"}


def answer(body: bytes) -> Answer:
    """It came byte by byte, the first at 1."""
    return Answer(0, status=200, body=body, chunks=[(len(body), 0)], marks=[(n, n) for n in range(len(body) + 1)])


def lines(*resources: object) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


@pytest.mark.parametrize("resource", [PATIENT, SCORE, HEADER])
def test_every_line_tells_whose_it_is_and_when_it_was_there(resource: object) -> None:
    body = lines(resource)
    assert list(tokens_of(answer(body), "/fhir/bulk/1/g0/3/all")) == [(TOKEN, len(body))]


def test_a_resource_of_one_person_is_not_taken_for_anothers() -> None:
    assert [token for token, _ in tokens_of(answer(lines(SCORE, VISIT)), "/fhir/bulk/1/g0/3/all")] == [TOKEN, OTHER]


def test_a_line_that_was_cut_counts_as_soon_as_it_tells_whose_it_is() -> None:
    cut = lines(PATIENT)[: len(TOKEN) + 10]
    assert [token for token, _ in tokens_of(answer(cut), "/fhir/bulk/1/g0/3/Patient")] == [TOKEN]
    assert list(tokens_of(answer(lines(SCORE)[:60]), "/fhir/bulk/1/g0/3/Observation")) == []


def test_C9_what_one_export_held_is_not_accounted_for_by_another() -> None:
    arrivals = Arrivals()
    arrivals.note(Release(1, "complete"), "export-1", [(TOKEN, 2)])
    arrivals.note(Release(0, "appended"), "partner_topic", [(TOKEN, 3)])
    first, second = arrivals.released({("export-1", TOKEN): "ann"})
    assert (first.records, second.records) == ((Received("ann", 2),), (Received(None, 3),))


def test_a_copy_holds_resources_by_reference_and_no_headers() -> None:
    copy = held({("3", "all"): lines(HEADER, PATIENT, SCORE)})
    assert copy.keys() == {f"Patient/{TOKEN}", f"Observation/{OWN}"}
    assert all(kept == Held(TOKEN, kept.digest) for kept in copy.values())
