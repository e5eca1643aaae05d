"""Which table of which service is about what, and which of its columns the readable page shows. Data: `views.json`, `instruments.json`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from common.contracts.privacy import RecordCategory

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class View:
    """Without columns: counted on the page, its rows are in the files."""

    category: RecordCategory
    columns: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def views() -> Mapping[tuple[str, str], View]:
    shipped = json.loads((FOLDER / "views.json").read_text(encoding="utf-8"))
    return {
        (service, table): View(RecordCategory(view["category"]), tuple(view.get("columns", ())))
        for service, tables in shipped.items()
        for table, view in tables.items()
    }


def view_of(service: str, table: str) -> View:
    """Journals, deadlines, and whatever was added since: what keeps the others in order."""
    return views().get((service, table)) or View(RecordCategory.OPERATIONS)


@lru_cache(maxsize=1)
def instruments() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """By name and language: title, items and answers in words, as the published instruments have them."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads((FOLDER / "instruments.json").read_text(encoding="utf-8"))
    return found
