"""The texts of the inbox: both languages say the same things, and none says anything clinical or a name."""

import re
from datetime import UTC, datetime

import pytest

from scheduling.notifications.texts import LANGUAGES, TEXTS, language_of, render, templates

CLINICAL = ("diagnos", "depress", "depres", "anxi", "ansie", "therap", "terap", "mental", "psych", "psic", "medic", "symptom", "síntoma",
            "score", "resultado", "questionnaire", "cuestionario", "suicid", "trauma", "care connect", "wellbeing")  # fmt: skip
BEFORE, AFTER = datetime(2026, 3, 8, 6, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_both_languages_have_the_same_keys_and_nothing_is_empty() -> None:
    english, spanish = TEXTS["en"], TEXTS["es"]
    assert list(english) == list(spanish)
    assert all(text.strip() for texts in TEXTS.values() for text in texts.values())
    same = [key for key in english if english[key] == spanish[key]]
    assert same == [], "not translated"


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_not_clinical_and_have_room_for_a_moment_only(language: str) -> None:
    texts = TEXTS[language]  # type: ignore[index]
    for key, text in texts.items():
        assert not [word for word in CLINICAL if word in text.lower()], key
        wanted = ["at"] if key.endswith(".at") else []
        if not key.startswith("moment."):
            assert re.findall(r"\{(\w+)\}", text) == wanted, key
    assert {key.removesuffix(".at") for key in texts if key.endswith(".at")} <= templates()


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        (BEFORE, "America/New_York", "It begins on 8 March 2026, 01:30 (EST)."),
        (AFTER, "America/New_York", "It begins on 8 March 2026, 03:30 (EDT)."),
        (BEFORE, "America/Los_Angeles", "It begins on 7 March 2026, 22:30 (PST)."),
        (BEFORE, "UTC", "It begins on 8 March 2026, 06:30 (UTC)."),
    ],
)
def test_moments_are_said_in_the_readers_zone_also_when_clocks_change(at: datetime, zone: str, said: str) -> None:
    assert render("appointment_scheduled_client", "en", at, zone) == f"An appointment has been scheduled for you. {said}"


def test_a_text_without_a_moment_is_whole() -> None:
    assert render("appointment_scheduled_client", "es", None, "UTC") == "Se ha programado una cita para usted."
    assert render("request_declined_client", "en", BEFORE, "UTC").endswith("you need not do anything.")


@pytest.mark.parametrize(
    ("tag", "language"), [("es", "es"), ("es-MX", "es"), ("ES-419", "es"), ("en-US", "en"), ("fr", "en"), ("est", "en"), ("", "en")]
)
def test_a_language_without_texts_is_english(tag: str, language: str) -> None:
    assert language_of(tag) == language
