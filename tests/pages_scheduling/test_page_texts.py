"""Texts are data: the same in every language, none in a template, and one for whatever there is."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import Environment

from common.contracts.scheduling import AppointmentKind, RoutingReason
from common.contracts.vocabulary import Programme
from common.pages import language
from common.pages.language import LANGUAGES
from common.problems import STATUS
from scheduling.coverage.rules import CoverageChoice
from scheduling.matching.rules import Reason
from scheduling.pages.doing import REFUSED
from scheduling.pages.my_request import TOLD as TOLD_CLIENTS
from scheduling.pages.provider_queue import REASONS
from scheduling.pages.provider_queue import TOLD as TOLD_PROVIDERS
from scheduling.pages.site import FOLDER
from scheduling.providers.vocabulary import Specialty
from scheduling.requests.states import OVER, RequestState
from scheduling.service_levels.rules import RULES
from tests.pages.test_texts import ALIKE, bare_texts, fields

SHARED = Path(language.__file__).parent
TEMPLATES = sorted([*(FOLDER / "templates").glob("*.html"), *(SHARED / "templates").glob("*.html")])
READ = {
    name: {**json.loads((SHARED / "texts" / f"{name}.json").read_text()), **json.loads((FOLDER / "texts" / f"{name}.json").read_text())}
    for name in LANGUAGES
}
SAME = ALIKE | {"specialty.stress", "left.minutes", "spoken.hindi"}
KINDS: dict[str, Iterable[str]] = {
    "programme": Programme,
    "kind": get_args(AppointmentKind),
    "next": [*RequestState, "accepted_times"],
    "standing": [state for state in RequestState if state not in OVER],
    "level": RULES,
    "due": RULES,
    "others": get_args(RoutingReason),
    "why": get_args(Reason),
    "specialty": get_args(Specialty),
    "reason": REASONS,
    "done": TOLD_CLIENTS | TOLD_PROVIDERS,
    "coverage": [*CoverageChoice, *(f"chosen_{choice}" for choice in CoverageChoice)],
    "step": ["asked", "answered", "consultation", "session", "is_done", "is_now", "is_ahead"],
}


def test_every_language_says_the_same_things() -> None:
    english, spanish = READ["en"], READ["es"]
    assert english.keys() == spanish.keys()
    for key in english:
        assert fields(english[key]) == fields(spanish[key]), key
        assert english[key].strip() and spanish[key].strip(), key
    untranslated = {key for key in english if english[key] == spanish[key] and len(english[key]) > 5}
    assert untranslated <= SAME, untranslated - SAME


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_there_is_has_a_text(kind: str) -> None:
    assert {f"{kind}.{value}" for value in KINDS[kind]} <= READ["en"].keys()


def test_every_refusal_that_is_said_on_the_page_has_a_text_and_is_a_problem_that_there_is() -> None:
    assert READ["en"].keys() >= REFUSED
    for key in REFUSED:
        code = key.removeprefix("error.")
        assert code in STATUS or any(code.startswith(f"{known}_") for known in STATUS), key


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_text_of_its_own(template: Path) -> None:
    assert bare_texts(template.read_text(encoding="utf-8")) == []


def test_every_text_that_a_template_asks_for_is_there() -> None:
    asked: set[str] = set()
    for template in TEMPLATES:
        source = template.read_text(encoding="utf-8")
        Environment().parse(source)
        asked |= set(re.findall(r"""\bt\(["']([\w.]+)["'](?=[,)])""", source))
    assert asked <= READ["en"].keys()
