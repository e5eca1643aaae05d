"""The language of a page: asked for with `lang`, else the browser's, else English. Texts are data: `texts/*.json`.

A service's own texts stand beside its templates; those that every service's pages have stand here.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import Request
from markupsafe import Markup

SHARED = Path(__file__).parent / "texts"
LANGUAGES = ("en", "es")


class Texts:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language, self._texts = language, texts

    @classmethod
    def read(cls, folder: Path, language: str) -> "Texts":
        """Those of `<language>.json` and of any `<part>.<language>.json` beside it."""
        found: dict[str, str] = {}
        for file in (SHARED / f"{language}.json", *sorted(folder.glob(f"*{language}.json"))):
            found |= json.loads(file.read_text(encoding="utf-8"))
        return cls(language, found)

    def __call__(self, key: str, **values: object) -> str:
        """Raises KeyError for a text that there is not: a page with a hole in it is a defect."""
        return self._texts[key].format(**values) if values else self._texts[key]

    def has(self, key: str) -> bool:
        return key in self._texts

    def named(self, kind: str, value: object) -> str:
        """What a value is called here; the value itself where it has no name (a field that was added since)."""
        return self._texts.get(f"{kind}.{value}", str(value))

    def listed(self, kind: str, values: list[object] | tuple[object, ...]) -> str:
        return ", ".join(self.named(kind, value) for value in values)

    def value(self, value: object) -> object:
        """Of a record: moments as such, everything else as it is."""
        try:
            return self.when(datetime.fromisoformat(value)) if isinstance(value, str) and "T" in value else value
        except ValueError:
            return value

    def when(self, at: datetime, seconds: bool = False, zone: str = "UTC") -> Markup:
        """In the zone, readable by people, and in UTC by programs."""
        machine = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Markup('<time datetime="{}">{}</time>').format(machine, self.moment(at, seconds, zone))

    def moment(self, at: datetime, seconds: bool = False, zone: str = "UTC") -> str:
        local = at.astimezone(ZoneInfo(zone))
        clock = local.strftime("%H:%M:%S" if seconds else "%H:%M")
        month = self(f"month.{local.month}")
        return self("date", day=local.day, month=month, year=local.year, time=clock, zone=local.tzname())


def language_of(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else _preferred(request.headers.get("accept-language", ""))


def _preferred(header: str) -> str:
    """RFC 9110, 12.5.4."""
    weighed = []
    for order, item in enumerate(header[:500].split(",")):
        name, _, parameter = item.strip().partition(";")
        language = name.split("-")[0].strip().lower()
        if language in LANGUAGES:
            weighed.append((-_weight(parameter), order, language))
    weighed = [item for item in weighed if item[0] < 0]
    return min(weighed)[2] if weighed else LANGUAGES[0]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
