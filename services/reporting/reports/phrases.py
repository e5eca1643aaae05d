"""What the catalogue says in English, in the reader's language. Its sentences are data, and so are their translations."""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from common.pages.language import Texts

TEXTS = Path(__file__).parent / "texts"
Say = Callable[[str], str]
MORE_THAN = re.compile(r"more than ([\d.]+) (.+)")


@cache
def spanish() -> dict[str, str]:
    found: dict[str, str] = json.loads((TEXTS / "catalogue.es.json").read_text(encoding="utf-8"))
    return found


def phrases_of(t: Texts) -> Say:
    """What nobody has translated stays as it is. The titles of neighbours that were merged are translated one by one."""

    def say(text: str) -> str:
        if more := MORE_THAN.fullmatch(text):
            return t("more_than", start=more[1], unit=say(more[2]))
        if whole := spanish().get(text.removeprefix("at least ")):
            return f"{spanish()['at least']} {whole}" if text.startswith("at least ") else whole
        return "; ".join(_of(part) for part in text.split("; "))

    def _of(part: str) -> str:
        capital = part[:1].upper() + part[1:]
        if part in spanish():
            return spanish()[part]
        said = spanish().get(capital)
        return part if said is None else said[:1].lower() + said[1:]

    return say if t.language == "es" else lambda text: text
