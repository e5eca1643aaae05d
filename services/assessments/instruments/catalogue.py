"""The published instruments."""

from collections.abc import Sequence
from pathlib import Path

from assessments.instruments.loading import load
from assessments.instruments.rules import Instrument

FALLBACK = "en"
NAMES: tuple[str, ...] = ("phq-9", "gad-7", "satisfaction")

_PUBLISHED = load(Path(__file__).parent / "published")
_BY_DIGEST = {instrument.digest: instrument for instrument in _PUBLISHED}


def published() -> Sequence[Instrument]:
    """Every version in every language."""
    return _PUBLISHED


def newest(name: str, language: str = FALLBACK) -> Instrument:
    """In the language, or in English where there is none in it. Raises KeyError for an unknown name."""
    return in_language([one for one in _PUBLISHED if one.name == name], language)


def find(name: str, version: str, language: str = FALLBACK) -> Instrument:
    """One version, in the language or in English. Raises KeyError where there is none."""
    return in_language([one for one in _PUBLISHED if (one.name, one.version) == (name, version)], language)


def by_digest(digest: str) -> Instrument:
    """Raises KeyError where there is none."""
    return _BY_DIGEST[digest]


def in_language(versions: Sequence[Instrument], tag: str) -> Instrument:
    """The newest in the language, else in English. `tag` is one of BCP 47, of which only the language counts: es-MX is Spanish."""
    wanted = tag.split("-")[0].lower()
    for language in (wanted, FALLBACK):
        if spoken := [one for one in versions if one.language == language]:
            return max(spoken, key=lambda one: int(one.version))
    raise KeyError("no such instrument")
