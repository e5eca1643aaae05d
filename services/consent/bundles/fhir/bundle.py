"""One FHIR R4B Bundle of all that FHIR has a resource for. Each resource is validated; what is not valid stands in the records only."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from consent.bundles.about import About
from consent.bundles.decisions import decisions_of
from consent.bundles.fhir import answers, care, communications, sharing
from consent.bundles.fhir.elements import Resource, own, tidy
from consent.bundles.fhir.known import Known
from consent.bundles.records import Held, Row, plain

Rendering = Callable[[Row, Known], Iterable[Resource]]
RENDERED: Mapping[tuple[str, str], Rendering] = {
    ("scheduling", "coverage_period"): care.coverage,
    ("scheduling", "consultation_request"): care.consultation_request,
    ("scheduling", "episode"): care.episode,
    ("scheduling", "appointment"): care.appointment,
    ("scheduling", "notification"): communications.notification,
    ("assessments", "assessment_response"): answers.response,
    ("assessments", "safety_flag"): answers.safety_flag,
    ("consent", "mail"): communications.mail,
}


@dataclass(frozen=True, slots=True)
class Rendered:
    bundle: Resource
    left_out: list[str]
    """`Type/id` of what R4B does not allow as it is. A row of the database should never be."""


def fhir_bundle(about: About, held: Held, disclosures: Sequence[Row]) -> Rendered:
    known = Known(str(about.client_id), held, about.network_name)
    made = [tidy(resource) for resource in _resources(known, disclosures)]
    good = _that_refer_to_each_other([resource for resource in _once(made) if _is_valid(resource)])
    kept = {id(resource) for resource in good}
    bundle = {
        "resourceType": "Bundle",
        "id": str(about.request_id),
        "identifier": {"system": own("access-request"), "value": str(about.request_id)},
        "type": "collection",
        "timestamp": plain(about.collected_at),
        "entry": [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in good],
    }
    return Rendered(bundle, [f"{one['resourceType']}/{one.get('id')}" for one in made if id(one) not in kept])


def _resources(known: Known, disclosures: Sequence[Row]) -> Iterator[Resource]:
    yield care.patient(known)
    for service, table, rows in known.held:
        render = RENDERED.get((service, table))
        for row in rows if render else ():
            yield from render(row, known) if render else ()
    decisions = decisions_of(known.held)
    yield from (sharing.consent(decision, known) for decision in decisions)
    yield from (sharing.disclosure(entry, known) for entry in disclosures)
    ids = frozenset(decision.decision_id for decision in decisions)
    for row in known.rows("reporting", "recall"):
        yield from sharing.recall(row, known, ids)


def _once(made: Iterable[Resource]) -> Iterator[Resource]:
    """bdl-7: a full url stands in a bundle once."""
    seen: set[str] = set()
    for resource in made:
        if isinstance(own_id := resource.get("id"), str) and own_id not in seen:
            seen.add(own_id)
            yield resource


def _that_refer_to_each_other(resources: list[Resource]) -> list[Resource]:
    """Without those that refer to one which is not there: leaving one out may leave out others."""
    while True:
        there = {f"urn:uuid:{resource['id']}" for resource in resources}
        good = [resource for resource in resources if there.issuperset(references_in(resource))]
        if len(good) == len(resources):
            return good
        resources = good


def references_in(value: Any) -> Iterator[str]:
    """Every reference of a resource, but those by identifier."""
    if isinstance(value, dict):
        if isinstance(at := value.get("reference"), str):
            yield at
        for item in value.values():
            yield from references_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)


def _is_valid(resource: Resource) -> bool:
    # Loading the models takes a fifth of a second, which no start of the service waits for.
    from fhir.resources.R4B import get_fhir_model_class

    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError:
        return False
    except Exception:  # its validators take the form of a value for granted, and fail in any way where it has another
        return False
    return True
