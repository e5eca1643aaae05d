"""The manifest of an export, as Bulk Data 3.0.0 has it and as the ballot of 4.0.0 has it. Pure."""

from collections.abc import Iterator
from typing import Any

from common.contracts.vocabulary import Recipient
from reporting.exports.rules import ALL, Export, OutputFormat, Part
from reporting.exports.usecases import Progress

LOGICAL_MODEL = "http://hl7.org/fhir/uv/bulkdata/StructureDefinition/BulkDataManifest"
STATED = "urn:care-connect:export"


def status_url(base: str, export: Export) -> str:
    return f"{base}/fhir/bulk/{export.export_id}"


def part_url(base: str, export: Export, part: Part) -> str:
    return f"{status_url(base, export)}/g{part.generation}/{part.stream}/{part.part}"


def manifest_of(found: Progress, base: str) -> dict[str, Any]:
    """`base`: the public address. Every manifest says what for and for whom it is (C5)."""
    export = found.export
    manifest: dict[str, Any] = {"transactionTime": _instant(export), "requiresAccessToken": True}
    if export.by_patient:
        manifest["outputOrganizedBy"] = "Patient"
    manifest["output"] = [_output(base, found, part) for part in found.parts if part.rows]
    if export.manifest_version == 4:
        return {"manifestType": LOGICAL_MODEL} | manifest | dict(_of_version_4(found, base))
    return manifest | {"request": export.request} | dict(_of_version_3(found, base))


def outcomes_of(export: Export) -> list[dict[str, Any]]:
    """An OperationOutcome for each parameter that was left aside."""
    return [
        {
            "resourceType": "OperationOutcome",
            "issue": [
                {
                    "severity": "warning",
                    "code": "not-supported",
                    "details": {"text": f"The parameter {name} is not supported and was left aside."},
                    "expression": [name],
                }
            ],
        }
        for name in export.ignored
    ]


def _of_version_3(found: Progress, base: str) -> Iterator[tuple[str, Any]]:
    export, url = found.export, status_url(base, found.export)
    if found.deleted:
        yield "deleted", [{"type": "Bundle", "url": f"{url}/deleted", "count": found.deleted}]
    outcome = {"type": "OperationOutcome", "url": f"{url}/outcome", "count": len(export.ignored)}
    yield "error", [outcome] if export.ignored else []
    yield "extension", {f"{STATED}-{name}": value for name, value in _stated(export)}


def _of_version_4(found: Progress, base: str) -> Iterator[tuple[str, Any]]:
    export, url = found.export, status_url(base, found.export)
    yield "outputFormat", export.output_format
    if found.deleted:
        yield "deleted", [{"url": f"{url}/deleted", "count": found.deleted}]
    if export.ignored:
        said = {"url": f"{url}/outcome", "count": len(export.ignored)}
        yield "outcome", [said | {"countSeverity": [{"code": "warning", "count": len(export.ignored)}]}]
    yield "extension", [{"url": f"{STATED}-{name}", "valueCode": value} for name, value in _stated(export)]


def _stated(export: Export) -> Iterator[tuple[str, str]]:
    yield "purpose", export.purpose
    yield "recipient", Recipient.HEALTH_PLAN
    if export.programme:
        yield "programme", export.programme
    if export.output_format is not OutputFormat.NDJSON and export.manifest_version == 3:
        yield "output-format", export.output_format


def _output(base: str, found: Progress, part: Part) -> dict[str, Any]:
    kind = {} if part.part == ALL else {"type": "Binary" if found.sealed else part.part}
    return {**kind, "url": part_url(base, found.export, part), "count": part.rows}


def _instant(export: Export) -> str:
    assert export.transaction_time is not None  # it has one since it began
    return export.transaction_time.isoformat(timespec="microseconds").replace("+00:00", "Z")
