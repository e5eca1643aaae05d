"""Texts are data: the same in every language, none in a template, and one for whatever there is."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest

from assessments.instruments.catalogue import published
from assessments.instruments.rules import TotalMethod
from assessments.pages.scores_view import CHARTED
from assessments.pages.site import FOLDER
from common.contracts.assessments import AnsweredBy
from common.pages import language
from common.pages.language import LANGUAGES
from common.problems import STATUS
from tests.pages.test_texts import ALIKE, bare_texts, fields

SHARED = Path(language.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
READ = {
    name: {**json.loads((SHARED / "texts" / f"{name}.json").read_text()), **json.loads((FOLDER / "texts" / f"{name}.json").read_text())}
    for name in LANGUAGES
}
REFUSED = ("invalid_link", "link_expired", "assessment_closed", "already_submitted")
KINDS: dict[str, Iterable[str]] = {
    "severity": {band.severity for one in published() if one.name in CHARTED for band in one.bands},
    "method": get_args(TotalMethod),
    "by": get_args(AnsweredBy),
    "by_own": get_args(AnsweredBy),
    "measures": CHARTED,
    "title": REFUSED,
    "error": [*REFUSED, "unknown_answer", "nothing_answered", "text_too_long", "forbidden_link_form"],
    "short_month": map(str, range(1, 13)),
}


def test_every_language_says_the_same_things() -> None:
    english, spanish = READ["en"], READ["es"]
    assert english.keys() == spanish.keys()
    for key in english:
        assert fields(english[key]) == fields(spanish[key]), key
        assert english[key].strip() and spanish[key].strip(), key
    untranslated = {key for key in english if english[key] == spanish[key] and len(english[key]) > 3}
    assert untranslated <= ALIKE | {"day"}, untranslated - ALIKE


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_there_is_has_a_text(kind: str) -> None:
    assert {f"{kind}.{value}" for value in KINDS[kind]} <= READ["en"].keys()


def test_what_is_refused_is_a_problem_that_there_is() -> None:
    assert STATUS.keys() >= set(REFUSED)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_text_of_its_own(template: Path) -> None:
    assert bare_texts(template.read_text(encoding="utf-8")) == []


def test_every_text_that_a_template_asks_for_is_there() -> None:
    asked: set[str] = set()
    for template in TEMPLATES:
        asked |= set(re.findall(r"""\bt\(["']([\w.]+)["'](?=[,)])""", template.read_text(encoding="utf-8")))
    assert len(asked) > 50
    assert asked <= READ["en"].keys()


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_crisis_lines_are_named_in_every_language(name: str) -> None:
    for key in ("crisis.text", "help.lines"):
        assert "988" in READ[name][key] and "911" in READ[name][key]
