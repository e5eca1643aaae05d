"""Looking into JSON that may have any form, and taking a bundle apart. Nothing here raises for what was sent. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from assessments.fhir.findings import Finding, finding
from assessments.fhir.vocabulary import LOINC_SYSTEMS
from common.never_kept import find_ssns

Json = Mapping[str, Any]
DEEPEST = 40
BUNDLES = frozenset({"transaction", "batch", "collection", "searchset", "document"})
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}")


@dataclass(frozen=True, slots=True)
class Sent:
    """One resource, by the name that findings call it, and the references that lead to it."""

    label: str
    kind: str
    body: Json
    known_as: frozenset[str]


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def numbered(value: object) -> list[tuple[int, Json]]:
    """With their places in what was sent."""
    return [(place, one) for place, one in enumerate(value) if isinstance(one, dict)] if isinstance(value, list) else []


def loinc_codes(concepts: object) -> list[str]:
    """Of a list of codings; one without a system is taken for LOINC's."""
    return [code for one in mappings(concepts) if (code := text(one.get("code"))) and one.get("system") in (None, *LOINC_SYSTEMS)]


def reference_of(value: object) -> str | None:
    return text(mapping(value).get("reference"))


def is_too_deep(value: object) -> bool:
    """Level by level, since recursion is what it protects from."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return False
    return True


def weight(value: object) -> int:
    """How many values it is made of: what it costs to check it."""
    level, count = [value], 0
    while level:
        count += len(level)
        level = [inner for one in level for inner in _inner(one)]
    return count


def _inner(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def take_apart(payload: object) -> tuple[list[Sent], list[Finding]]:
    """The resources of a bundle, or the single one."""
    root = mapping(payload)
    if is_too_deep(payload):
        return [], [finding("", "", "too_deep")]
    if root.get("resourceType") != "Bundle":
        one = _sent(root, "", None)
        return ([one], []) if one else ([], [finding("", "", "not_fhir")])
    if text(root.get("type")) not in BUNDLES:
        return [], [finding("Bundle", "type", "unsupported_bundle")]
    taken: list[Sent] = []
    findings: list[Finding] = []
    for place, entry in numbered(root.get("entry")):
        resource = entry.get("resource")
        one = _sent(mapping(resource), f"entry[{place}]", text(entry.get("fullUrl")))
        if one:
            taken.append(one)
        elif resource is not None:
            findings.append(finding("Bundle", f"entry[{place}].resource", "not_fhir"))
    return taken, findings


def _sent(body: Json, place: str, full_url: str | None) -> Sent | None:
    kind = text(body.get("resourceType"))
    if not kind or not _TYPE.fullmatch(kind):
        return None
    own = text(body.get("id"))
    name = f"{kind}/{own}" if own and _ID.fullmatch(own) and not find_ssns(own) else kind
    label = f"{place} {name}".strip()
    known_as = {full_url, f"{kind}/{own}" if own else None, text(body.get("url"))}
    return Sent(label, kind, body, frozenset(filter(None, known_as)))


def contained(parent: Sent) -> list[Sent]:
    """The resources inside of another, known by `#id` there."""
    found = []
    for place, body in numbered(parent.body.get("contained")):
        kind, own = text(body.get("resourceType")), text(body.get("id"))
        if kind and own and _TYPE.fullmatch(kind):
            found.append(Sent(f"{parent.label} contained[{place}]", kind, body, frozenset({f"#{own}"})))
    return found


def index(sent: list[Sent]) -> dict[str, Sent]:
    return {name: one for one in reversed(sent) for name in one.known_as}
