"""What recipients read in the portal. Texts are data: `texts/*.json`, the same keys in every language, nothing clinical and no names.

A key with `.at` behind it is a further sentence, for a notice that has a moment to show.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from scheduling.notifications.rules import Language

LANGUAGES: tuple[Language, ...] = ("en", "es")

TEXTS: Mapping[Language, Mapping[str, str]] = {
    language: json.loads((Path(__file__).parent / "texts" / f"{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES
}


def templates() -> frozenset[str]:
    return frozenset(key for key in TEXTS["en"] if "." not in key)


def check(template: str) -> None:
    """Raises ValueError for a template that there is not."""
    if template not in templates():
        raise ValueError(f"there is no text {template!r}")


def render(template: str, language: Language, starts_at: datetime | None, zone: str) -> str:
    """In the time zone of whoever reads it."""
    texts = TEXTS[language]
    further = texts.get(f"{template}.at")
    if starts_at is None or further is None:
        return texts[template]
    return f"{texts[template]} {further.format(at=moment_of(starts_at.astimezone(ZoneInfo(zone)), texts))}"


def moment_of(local: datetime, texts: Mapping[str, str]) -> str:
    month = texts[f"month.{local.month}"]
    return texts["moment.format"].format(day=local.day, month=month, year=local.year, time=f"{local:%H:%M}", zone=local.tzname())


def language_of(tag: str) -> Language:
    """Of a BCP 47 tag; English for a language that there are no texts in."""
    return "es" if tag.split("-")[0].lower() == "es" else "en"
