"""What FHIR resources are made of, and the systems of our own codes. Pure."""

from typing import Any
from uuid import UUID, uuid5

Resource = dict[str, Any]
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
MADE_FROM = UUID("3a54a6c0-3d3f-5c53-9f6e-1b8c7a52d0a4")


def own(name: str) -> str:
    """A code system, or a system of identifiers, of ours."""
    return f"urn:care-connect:{name}"


def made_from(kind: str, record_id: object) -> str:
    """The id of a resource that follows from a record which another one stands for."""
    return str(uuid5(MADE_FROM, f"{kind}/{record_id}"))


def reference(resource_id: object) -> Resource | None:
    """By the full url that the resource has in the bundle."""
    return {"reference": f"urn:uuid:{resource_id}"} if resource_id else None


def identified(system: str, value: object, display: object = None) -> Resource | None:
    """A reference to somebody who is not in the bundle."""
    if value is None and display is None:
        return None
    identifier = None if value is None else {"system": own(system), "value": str(value)}
    return {"identifier": identifier, "display": display}


def coding(system: str, code: object, display: object = None) -> Resource | None:
    return None if code is None else {"system": system, "code": str(code), "display": display}


def concept(system: str, code: object, display: object = None) -> Resource | None:
    return None if code is None else {"coding": [coding(system, code, display)]}


def listed(value: Any) -> list[Any]:
    """A list; of whatever else there is, nothing."""
    return value if isinstance(value, list) else []


def tidy(value: Any) -> Any:
    """Without what is empty: FHIR has no nulls, and no element without content."""
    if isinstance(value, dict):
        kept = {name: tidy(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in (None, "", [], {})}
    if isinstance(value, list):
        return [item for item in map(tidy, value) if item not in (None, "", [], {})]
    return value.strip() if isinstance(value, str) and not value.strip() else value
