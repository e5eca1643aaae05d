"""Texts are data: the same in every language, and none in a template."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from jinja2 import Environment

from common.contracts.corrections import RefusalGround
from common.contracts.vocabulary import AskedBy, Category, Channel, IdentityCheck, Programme, Sink, SuspensionReason
from common.pages.language import LANGUAGES, _preferred
from consent.app import PAGES_FOLDER
from consent.corrections.rules import ExtensionReason
from consent.corrections.rules import State as CorrectionState
from consent.corrections.tables import What
from consent.decisions.rules import Decision
from consent.explanations.rules import Reason
from consent.mail.rules import Resolution
from consent.pages.corrections_form import WHAT
from consent.propagation.rules import Status
from consent.receipts.rules import EVENT_TYPES

TEMPLATES, TEXTS = PAGES_FOLDER / "templates", PAGES_FOLDER / "texts"
READ = {
    language: {
        key: text for file in sorted(TEXTS.glob(f"*{language}.json")) for key, text in json.loads(file.read_text(encoding="utf-8")).items()
    }
    for language in LANGUAGES
}
ALIKE = {"product", "language.en", "language.es", "programme.care_connect", "programme.emotional_wellbeing_solutions"}
KINDS: dict[str, Iterable[str]] = {
    "category": Category,
    "channel": Channel,
    "asked_by": AskedBy,
    "check": IdentityCheck,
    "programme": Programme,
    "suspended": SuspensionReason,
    "standing": [*Decision, "undecided"],
    "reason": Reason,
    "status": Status,
    "did": EVENT_TYPES.values(),
    "correction.state": CorrectionState,
    "correction.did": get_args(What),
    "correction.of": WHAT,
    "ground": RefusalGround,
    "extension": ExtensionReason,
    "done": [*Resolution, "opted_in", "declined", "nothing_changed"],
}


def test_every_language_says_the_same_things() -> None:
    english, spanish = READ["en"], READ["es"]
    assert english.keys() == spanish.keys()
    for key in english:
        assert fields(english[key]) == fields(spanish[key]), key
        assert english[key].strip() and spanish[key].strip(), key
    untranslated = {key for key in english if english[key] == spanish[key] and len(english[key]) > 3}
    assert untranslated <= ALIKE, untranslated - ALIKE


def fields(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_there_is_has_a_name(kind: str) -> None:
    assert {f"{kind}.{value}" for value in KINDS[kind]} <= READ["en"].keys()
    assert {f"sink.{sink}.{state}" for sink in Sink for state in ("done", "none", "waiting")} <= READ["en"].keys()


def bare_texts(source: str) -> list[str]:
    """What stands in a template for people to read, outside of expressions."""
    without = re.sub(r"(?s)\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->|<!doctype html>", "", source)
    spoken = re.findall(r"""\b(?:alt|title|aria-label|placeholder|aria-description)="([^"]*)\"""", without)
    return [text.strip() for text in [*re.sub(r"(?s)<[^>]*>", "\n", without).split("\n"), *spoken] if re.search(r"[^\W\d_]{2,}", text)]


@pytest.mark.parametrize("template", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_no_template_has_a_text_of_its_own(template: Path) -> None:
    assert [text for text in bare_texts(template.read_text(encoding="utf-8")) if text not in ("nbsp", "amp")] == []


def test_a_text_in_a_template_would_be_seen() -> None:
    assert bare_texts('<p>Hello {{ t("x") }}</p><a title="Go">{{ y }}</a>') == ["Hello", "Go"]


def test_every_text_that_a_template_asks_for_is_there() -> None:
    asked: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        source = template.read_text(encoding="utf-8")
        Environment().parse(source)
        asked |= set(re.findall(r"""\bt\(["']([\w.]+)["'](?=[,)])""", source))
    assert asked <= READ["en"].keys()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-US,en;q=0.9,es;q=0.8", "en"),
        ("de,fr;q=0.9", "en"),
        ("de, es;q=0.2", "es"),
        ("en;q=0, es;q=0.1", "es"),
        ("es;q=x", "en"),
        ("en;q=0.3,es;q=0.7", "es"),
    ],
)
def test_the_browsers_language_is_taken(header: str, language: str) -> None:
    assert _preferred(header) == language
