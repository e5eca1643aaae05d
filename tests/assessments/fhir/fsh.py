"""Reads the few forms of FHIR Shorthand that the public examples use, as JSON. For tests only: the service reads JSON."""

import re
from pathlib import Path
from typing import Any

SYSTEMS = {
    "$CodeSystemLoinc": "http://loinc.org",
    "$CodeSystemDataAbsentReason": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
    "$CodeSystemObservationCategory": "http://terminology.hl7.org/CodeSystem/observation-category",
}
LISTS = {"item", "answer", "answerOption", "coding", "category", "component", "derivedFrom", "performer", "subjectType"}
CONCEPTS = {"category"}
CODED = re.compile(r'(\$\w+)#(\S+?)(?: "(.*)")?$')
STEP = re.compile(r"([A-Za-z]+)(?:\[([^]]+)\])?")
Json = dict[str, Any]


def reference(name: str) -> str:
    return f"urn:fsh:{name}"


def read_instance(path: Path) -> tuple[str, Json]:
    """Its name, as references have it, and the resource."""
    lines = path.read_text().splitlines()
    name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("Instance:"))
    kind = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("InstanceOf:"))
    known = ("QuestionnaireResponse", "Questionnaire", "Observation")
    resource: Json = {"resourceType": next(one for one in known if one in kind)}
    slices: dict[tuple[int, str, str], int] = {}
    above: list[Any] = [resource]
    for line in lines:
        if not line.lstrip().startswith("* ") or line.startswith("* contained"):
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        path_said, _, value = line.lstrip()[2:].partition(" = ")
        above[depth + 1 :] = [_set(resource, above[depth], path_said.strip(), value.strip(), slices)]
    return reference(name), resource


def _set(resource: Json, into: Json, said: str, value: str, slices: dict[tuple[int, str, str], int]) -> Any:
    match = STEP.fullmatch(said)
    assert match, said
    name, place = match.groups()
    listed = name in LISTS or (name == "code" and resource["resourceType"] == "Questionnaire")
    read = _value(name, value) if value else {}
    if not listed:
        into[name] = read
        return read
    at = into.setdefault(name, [])
    if place is not None and not place.isdigit() and place != "+":
        number = slices.setdefault((id(at), name, place), len(at))
    else:
        number = int(place) if place and place.isdigit() else len(at)
    at[number : number + 1] = [read]
    return read


def _value(name: str, said: str) -> Any:
    if coded := CODED.match(said):
        system, code, display = coded.groups()
        coding = {"system": SYSTEMS.get(system, f"urn:fsh:{system[1:]}"), "code": code, **({"display": display} if display else {})}
        return {"coding": [coding]} if name in CONCEPTS else coding
    if said.startswith("Reference("):
        return {"reference": reference(said[len("Reference(") : -1])}
    if said.startswith("Canonical("):
        return reference(said[len("Canonical(") : -1])
    if said.startswith("#"):
        return said[1:].strip()
    if said in ("true", "false"):
        return said == "true"
    return said.strip('"') if said.startswith('"') else int(said)
