"""The published instruments: their codes, bands, wording and languages."""

from dataclasses import asdict
from typing import Any

import pytest

from assessments.instruments import catalogue
from assessments.instruments.catalogue import by_digest, find, newest, published
from assessments.instruments.loinc import has_check_digit
from assessments.instruments.rules import Instrument, severity_of

KROENKE_2001 = {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "moderately_severe": (15, 19), "severe": (20, 27)}
SPITZER_2006 = {"minimal": (0, 4), "mild": (5, 9), "moderate": (10, 14), "severe": (15, 21)}
CODES = {
    "phq-9": "44249-1 44261-6 44250-9 44255-8 44259-0 44254-1 44251-7 44258-2 44252-5 44253-3 44260-8 69722-7",
    "gad-7": "69737-5 70274-6 69725-0 68509-9 69733-4 69734-2 69735-9 69689-8 69736-7 69722-7",
}
"""Panel, total, items. reference.loinc.org, HL7 US Core, HL7 pco-ig."""
TEXTS = {"digest", "language", "title", "prompt", "text", "copyright", "source"}


def check_digit(code: str) -> bool:
    """As LOINC's own page words it: the odd digits from the right as one number, doubled, and the sum of all figures."""
    number, digit = code.split("-")
    doubled, others = number[::-1][::2], number[::-1][1::2]
    total = sum(int(figure) for place in doubled for figure in str(int(place) * 2)) + sum(map(int, others))
    return (10 - total % 10) % 10 == int(digit)


def without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_texts(inner) for key, inner in value.items() if key not in TEXTS}
    return [without_texts(inner) for inner in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", CODES)
def test_every_LOINC_code_is_the_one_of_LOINC_and_has_its_check_digit(name: str) -> None:
    instrument = newest(name)
    codes = [instrument.panel, instrument.total, *(item.link_id for item in instrument.items)]
    assert codes == CODES[name].split()
    assert [code for code in CODES[name].split() if not check_digit(code)] == []


def test_the_check_digit_finds_every_single_digit_that_is_miswritten() -> None:
    codes = {code for codes in CODES.values() for code in codes.split()}
    for code in codes:
        assert has_check_digit(code)
        wrong = [f"{code[:at]}{figure}{code[at + 1 :]}" for at in range(len(code)) if code[at] != "-" for figure in "0123456789"]
        assert [other for other in wrong if other != code and has_check_digit(other)] == []
    assert not has_check_digit("44254-2")


@pytest.mark.parametrize(("name", "bands"), [("phq-9", KROENKE_2001), ("gad-7", SPITZER_2006)])
def test_bands_are_those_of_Kroenke_2001_and_Spitzer_2006(name: str, bands: dict[str, tuple[int, int]]) -> None:
    for instrument in (newest(name), newest(name, "es")):
        expected = {total: severity for severity, (low, high) in bands.items() for total in range(low, high + 1)}
        assert {total: severity_of(instrument, total) for total in range(instrument.low, instrument.high + 1)} == expected


@pytest.mark.parametrize("instrument", published(), ids=lambda i: f"{i.name}.v{i.version}.{i.language}")
def test_every_language_means_what_the_English_one_means(instrument: Instrument) -> None:
    english = find(instrument.name, instrument.version)
    assert english.language == "en"
    assert without_texts(asdict(instrument)) == without_texts(asdict(english))


def test_A1_A4_all_three_instruments_are_there_in_both_languages() -> None:
    assert {(one.name, one.language) for one in published()} == {(name, language) for name in catalogue.NAMES for language in ("en", "es")}


@pytest.mark.parametrize("tag", ["es", "ES", "es-MX", "es-419", "es-Latn-US"])
def test_a_language_with_a_region_is_answered_in_the_language(tag: str) -> None:
    assert newest("phq-9", tag).language == "es"


@pytest.mark.parametrize("tag", ["fr", "en-US", "zh-Hant", "esx", ""])
def test_a_language_that_there_is_none_of_is_answered_in_English(tag: str) -> None:
    assert newest("gad-7", tag).language == "en"


def test_an_instrument_is_found_by_its_digest_and_each_has_its_own() -> None:
    assert {by_digest(one.digest) for one in published()} == set(published())


@pytest.mark.parametrize("ask", [lambda: newest("phq-2"), lambda: by_digest("0" * 64), lambda: find("phq-9", "99")])
def test_what_is_not_published_is_not_found(ask: Any) -> None:
    with pytest.raises(KeyError):
        ask()


@pytest.mark.parametrize(
    ("language", "notice"),
    [
        ("en", "No permission required to reproduce, translate, display or distribute."),
        ("es", "No se requiere permiso para reproducir, traducir, presentar o distribuir."),
    ],
)
def test_the_notices_of_Pfizer_and_LOINC_are_shown(language: str, notice: str) -> None:
    for name in ("phq-9", "gad-7"):
        assert notice in newest(name, language).copyright
        assert "LOINC is copyright © Regenstrief Institute" in newest(name, language).copyright


def test_A4_the_question_is_asked_as_the_programme_words_it() -> None:
    question, comment = newest("satisfaction").items
    assert question.text == "How likely are you to recommend the network's services to a friend or colleague?"
    assert [(choice.code, choice.score) for choice in question.choices] == [(str(n), n) for n in range(11)]
    assert (comment.link_id, comment.kind, comment.max_length, comment.scored) == ("comment", "text", 2000, False)
