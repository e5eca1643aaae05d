"""Writes the generated files: OpenAPI per service, AsyncAPI, and the schema of every published event. `--check` only compares.

A published event's schema is never overwritten with one that would break its readers.
"""

import importlib
import json
import sys
from pathlib import Path

import yaml
from fastapi import FastAPI

from common.contracts import asyncapi
from common.contracts.catalogue import EVENTS
from common.contracts.compatibility import breaks

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "tests" / "contracts" / "published"
SETTINGS = {
    "consent": "ConsentSettings",
    "scheduling": "SchedulingSettings",
    "assessments": "AssessmentsSettings",
    "reporting": "ReportingSettings",
}


def app_of(service: str) -> FastAPI:
    """The app as it is served; it is never started, so the settings are of no consequence."""
    settings = getattr(importlib.import_module(f"{service}.settings"), SETTINGS[service])
    values = {name: 1 if field.annotation is int else "x" for name, field in settings.model_fields.items() if field.is_required()}
    app: FastAPI = importlib.import_module(f"{service}.app").create_app(settings(**values))
    return app


def generated() -> dict[Path, str]:
    files = {ROOT / "docs" / "asyncapi.yaml": yaml.safe_dump(asyncapi.description(), sort_keys=False, allow_unicode=True, width=120)}
    for service in SETTINGS:
        files[ROOT / "docs" / "openapi" / f"{service}.json"] = json.dumps(app_of(service).openapi(), indent=1, ensure_ascii=False) + "\n"
    for name, event in EVENTS.items():
        files[PUBLISHED / f"{name}.json"] = json.dumps(asyncapi.schema_of(event), indent=1, ensure_ascii=False) + "\n"
    return files


def broken_contracts() -> list[str]:
    """Against the schemas as they were published: removed events count as well."""
    found = []
    for file in sorted(PUBLISHED.glob("*.json")):
        event = EVENTS.get(file.stem)
        if event is None:
            found.append(f"{file.stem} is published and gone")
        else:
            found += [f"{file.stem}: {sentence}" for sentence in breaks(json.loads(file.read_text()), asyncapi.schema_of(event))]
    return found


def main() -> None:
    if broken := broken_contracts():
        sys.exit("a published event would break its readers; publish a new version beside it:\n" + "\n".join(broken))
    stale = {path: text for path, text in generated().items() if not path.exists() or path.read_text() != text}
    names = sorted(str(path.relative_to(ROOT)) for path in stale)
    if "--check" in sys.argv:
        if names:
            sys.exit("not up to date, run `make generate`: " + ", ".join(names))
        return
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print("\n".join(names) or "all up to date")


if __name__ == "__main__":
    main()
