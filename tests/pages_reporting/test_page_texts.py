"""Texts are data: the same in every language, none in a template, and one for whatever there is, the catalogue's sentences included."""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from common.contracts.vocabulary import Programme
from common.pages import language
from common.pages.language import LANGUAGES, Texts
from reporting.measures.catalogue import FAMILIES
from reporting.measures.explaining import why_hidden
from reporting.measures.families import Group, Statistic
from reporting.measures.precision import in_words
from reporting.release_ledger.cells import ScopeKind
from reporting.reports.documents import COURSES
from reporting.reports.phrases import phrases_of, spanish
from reporting.reports.site import FOLDER
from reporting.reports.view import COMPARED, PROMISED, TILES
from tests.pages.test_texts import ALIKE, bare_texts, fields

SHARED = Path(language.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
READ = {
    name: {**json.loads((SHARED / "texts" / f"{name}.json").read_text()), **json.loads((FOLDER / "texts" / f"{name}.json").read_text())}
    for name in LANGUAGES
}
SAME = ALIKE | {"month_of", "share_of", "population.care_connect", "population.emotional_wellbeing_solutions"}
KINDS: dict[str, Iterable[str]] = {
    "tile": {*TILES, *COMPARED, *COURSES},
    "about": ScopeKind,
    "population": ["all", *Programme],
    "rule": set(get_args(Statistic)) - {"distribution", "flow"},
    "short_month": map(str, range(1, 13)),
}


def test_every_language_says_the_same_things() -> None:
    english, spanish = READ["en"], READ["es"]
    assert english.keys() == spanish.keys()
    for key in english:
        assert fields(english[key]) == fields(spanish[key]), key
        assert english[key].strip() and spanish[key].strip(), key
    untranslated = {key for key in english if english[key] == spanish[key] and len(english[key]) > 3}
    assert untranslated <= SAME, untranslated - SAME


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_there_is_has_a_text(kind: str) -> None:
    assert {f"{kind}.{value}" for value in KINDS[kind]} <= READ["en"].keys()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_text_of_its_own(template: Path) -> None:
    assert bare_texts(template.read_text(encoding="utf-8")) == []


def test_every_text_that_a_template_asks_for_is_there() -> None:
    asked: set[str] = set()
    for template in TEMPLATES:
        asked |= set(re.findall(r"""\bt\(["']([\w.]+)["'](?=[,)])""", template.read_text(encoding="utf-8")))
    assert len(asked) > 40
    assert asked <= READ["en"].keys()


def test_every_measure_that_the_page_is_built_around_is_in_the_catalogue() -> None:
    known = {measure.code for family in FAMILIES.values() for measure in family.measures}
    assert {*TILES, *COMPARED, *COURSES, *PROMISED} <= known


def sentences() -> Iterator[str]:
    for family in FAMILIES.values():
        yield from (family.title, family.definition, family.cohort)
        for breakdown in family.breakdowns:
            yield from titles(breakdown.groups)
        for measure in family.measures:
            yield from (measure.title, measure.definition, measure.denominator, *why_hidden(family, measure))
            yield from filter(None, [measure.unit])
    yield from {in_words(share / 100) for share in range(101)}


def titles(level: Iterable[Group]) -> Iterator[str]:
    for group in level:
        yield group.title
        yield from titles(group.groups)


def test_every_sentence_of_the_catalogue_is_there_in_spanish() -> None:
    assert {text for text in sentences() if text not in spanish()} == set()


def test_merged_neighbours_and_words_with_a_number_are_said_in_spanish() -> None:
    say = phrases_of(Texts.read(FOLDER / "texts", "es"))
    assert say("4th business day; 5th business day") == "4.º día hábil; 5.º día hábil"
    assert say("No reliable change; reliably deteriorated") == "Sin cambio fiable; empeoraron de forma fiable"
    assert say("more than 20 business days") == "más de 20 días hábiles"
    assert say("at least about half") == "al menos alrededor de la mitad"
    assert phrases_of(Texts.read(FOLDER / "texts", "en"))("days") == "days"
