"""Reads published instruments from a folder, and refuses all of them for one that is wrong: a service without them does not start.

`digests.json` beside them says what was published: an edited file no longer has its digest, and is refused.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assessments.instruments.checks import differences, faults_of
from assessments.instruments.document import Document, instrument_of
from assessments.instruments.rules import Instrument

LOCK = "digests.json"


def load(folder: Path) -> Sequence[Instrument]:
    """Raises ValueError that names the file and says what is wrong with it."""
    digests = _content(folder / LOCK)
    files = sorted(file for file in folder.glob("*.json") if file.name != LOCK)
    read = {file.name.removesuffix(".json"): _read(file) for file in files}
    if gone := sorted(digests.keys() - read.keys()):
        raise ValueError(f"{gone[0]}.json was published and is gone: responses refer to it")
    for name, (_, digest) in read.items():
        _check_published(name, digest, digests)
    _check_languages({name: document for name, (document, _) in read.items()})
    return tuple(instrument_of(document, digest) for document, digest in read.values())


def digest_of(content: object) -> str:
    """SHA-256 of the canonical JSON: spaces and the order of keys do not change what is published."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read(file: Path) -> tuple[Document, str]:
    content = _content(file)
    try:
        document = Document.model_validate_json(file.read_bytes())
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc']))}: {e['msg']} (it says {str(e['input'])[:60]!r})" for e in error.errors()]
        raise ValueError(f"{file.name}: {'; '.join(said)}") from error
    if file.name != f"{name_of(document)}.json":
        raise ValueError(f"{file.name} holds {name_of(document)}")
    if faults := faults_of(document):
        raise ValueError(f"{file.name}: {'; '.join(faults)}")
    return document, digest_of(content)


def _content(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes(), object_pairs_hook=_without_repeats)
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{file.name} holds no object")
    return content


def name_of(document: Document) -> str:
    return f"{document.name}.v{document.version}.{document.language}"


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON readers take the last of two equal keys, so a reviewer may have read the other one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} stands twice in one object")
    return found


def _check_published(name: str, digest: str, digests: Mapping[str, str]) -> None:
    if name not in digests:
        raise ValueError(f'{name}.json is not published: add "{name}": "{digest}" to {LOCK}')
    if digests[name] != digest:
        raise ValueError(f"{name}.json was changed after it was published: make a new version of it")


def _check_languages(documents: Mapping[str, Document]) -> None:
    """One version means one thing in every language; English is what a language that is not there falls back to."""
    for name, document in documents.items():
        english = documents.get(f"{document.name}.v{document.version}.en")
        if english is None:
            raise ValueError(f"{name}.json: there is no English of this version")
        if different := differences(document, english):
            raise ValueError(f"{name}.json differs from the English in more than texts: {', '.join(different)}")
