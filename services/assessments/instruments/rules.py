"""What an instrument is, and how answers to it are scored. Pure; the instruments themselves are data (definitions.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from common.problems import Problem

Given = str | int | None
"""An answer as it is sent: its LOINC answer code, its score, or none."""
TotalMethod = Literal["complete", "prorated", "invalid"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer. `score` is absent where LOINC gives none."""

    code: str
    text: str
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `aliases`: other answer codes that mean one of the choices' codes."""

    link_id: str
    text: str
    choices: Sequence[Choice]
    scored: bool = True
    aliases: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """Totals from `low` to `high`, both included."""

    low: int
    high: int
    severity: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Up to `prorated` scored answers may be missing and are prorated for; more of them make the total invalid."""

    prorated: int
    source: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """Every code is a LOINC code. Never edited once published: a change is a new `version`."""

    name: Literal["phq-9", "gad-7"]
    version: str
    title: str
    panel: str
    total: str
    prompt: str
    items: Sequence[Item]
    bands: Sequence[Band]
    missing: Missing
    copyright: str


@dataclass(frozen=True, slots=True)
class Score:
    """`raw_sum` is of what was answered. `total` and `severity` are absent where `total_method` is `invalid`."""

    answered: int
    raw_sum: int
    total: int | None
    total_method: TotalMethod
    severity: str | None


def read_answers(instrument: Instrument, given: Mapping[str, Given]) -> dict[str, str]:
    """The answer code of every item that was answered. Raises Problem for an item or an answer that the instrument does not have."""
    items = {item.link_id: item for item in instrument.items}
    if unknown := given.keys() - items.keys():
        raise Problem("unknown_answer", f"{instrument.title} has no such item.", field=f"answers.{min(unknown)}"[:100])
    return {link_id: _code_of(items[link_id], answer) for link_id, answer in given.items() if answer is not None}


def _code_of(item: Item, answer: str | int) -> str:
    wanted = dict(item.aliases).get(answer, answer) if isinstance(answer, str) else answer
    for choice in item.choices:
        if wanted == choice.code or (isinstance(wanted, int) and wanted == choice.score):
            return choice.code
    raise Problem("unknown_answer", "This item has no such answer.", field=f"answers.{item.link_id}")


def score(instrument: Instrument, answers: Mapping[str, str]) -> Score:
    """`answers` as `read_answers` gives them. A missing answer never counts as a score of 0."""
    scored = [item for item in instrument.items if item.scored]
    scores = [_score_of(item, answers[item.link_id]) for item in scored if item.link_id in answers]
    answered, raw_sum = len(scores), sum(scores)
    missing = len(scored) - answered
    if missing > instrument.missing.prorated:
        return Score(answered, raw_sum, None, "invalid", None)
    total = prorate(raw_sum, answered, len(scored))
    return Score(answered, raw_sum, total, "prorated" if missing else "complete", severity_of(instrument, total))


def prorate(raw_sum: int, answered: int, items: int) -> int:
    """`raw_sum` * items / answered to the nearest integer, halves up; in integers, since Python rounds halves to even."""
    return (2 * raw_sum * items + answered) // (2 * answered)


def severity_of(instrument: Instrument, total: int) -> str:
    return next(band.severity for band in instrument.bands if band.low <= total <= band.high)


def _score_of(item: Item, code: str) -> int:
    return next(choice.score or 0 for choice in item.choices if choice.code == code)
