"""FHIR resources as lines of a table: what a person wants to know of a record that would be shared. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from common.contracts.vocabulary import Category

CATEGORY = "urn:care-connect:category"
INSTRUMENTS = {"44261-6": "phq-9", "70274-6": "gad-7"}
"""LOINC of the total scores."""
Resource = Mapping[str, Any]


def as_lines(resources: Iterable[Resource]) -> dict[Category, list[dict[str, Any]]]:
    """By category. What only follows from a record (the visit of an appointment, the form behind a score) stands in its line."""
    found: dict[Category, list[dict[str, Any]]] = {}
    visits = {r["id"]: r["period"]["start"] for r in resources if r["resourceType"] == "Encounter"}
    for resource in resources:
        if line := _line(resource, visits):
            found.setdefault(_category(resource), []).append(line)
    return found


def _category(resource: Resource) -> Category:
    return next(Category(tag["code"]) for tag in resource["meta"]["tag"] if tag["system"] == CATEGORY)


def _line(resource: Resource, visits: Mapping[str, str]) -> dict[str, Any] | None:
    match resource["resourceType"]:
        case "Patient":
            line = {
                "birthYear": resource.get("birthDate"),
                "gender": resource.get("gender"),
                "state": resource.get("address", [{}])[0].get("state"),
            }
        case "Appointment":
            kind = _code(resource.get("appointmentType"))
            line = {"kind": kind, "status": resource["status"], "start": resource.get("start"), "held_on": visits.get(resource["id"])}
        case "Observation":
            line = {
                "code": INSTRUMENTS.get(code := _code(resource["code"]) or "", code),
                "value": resource.get("valueQuantity", {}).get("value"),
                "method": _code(resource.get("method")),
                "interpretation": _code(resource.get("interpretation", [None])[0]),
                "effective": resource.get("effectiveDateTime"),
            }
        case _:
            return None
    return {name: value for name, value in line.items() if value is not None}


def _code(concept: Resource | None) -> str | None:
    return str(concept["coding"][0]["code"]) if concept else None
