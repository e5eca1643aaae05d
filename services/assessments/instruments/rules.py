"""What an instrument is, and how answers to it are scored. Pure; the instruments themselves are data (published/*.json).

The operators that data may name are closed: `sum` over the scored items, `at_least` for flags. Nothing in data is ever evaluated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from common.problems import Problem

Given = str | int | None
"""An answer as it is sent: its answer code, its score, a text, or none."""
Name = Literal["phq-9", "gad-7", "satisfaction"]
Kind = Literal["choice", "text"]
TotalMethod = Literal["complete", "prorated", "invalid"]
FlagName = Literal["safety", "elevated"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer. `score` is absent where LOINC gives none."""

    code: str
    text: str
    score: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `aliases`: other answer codes that mean one of the choices' codes. `max_length`: of a text, in characters."""

    link_id: str
    text: str
    kind: Kind = "choice"
    choices: Sequence[Choice] = ()
    scored: bool = True
    aliases: Sequence[tuple[str, str]] = ()
    max_length: int | None = None


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
class Flag:
    """Raised by a score of `at_least` or more: of `item` when its answer is saved, of the total where there is no item."""

    name: FlagName
    item: str | None
    at_least: int


@dataclass(frozen=True, slots=True)
class Instrument:
    """Never edited once published: a change is a new `version`. `digest` is the SHA-256 of the published file's canonical JSON.

    `panel` and `total` are LOINC codes, as are the items' link ids where LOINC has the item. `low` to `high`: the range of the total.
    """

    name: Name
    version: str
    language: str
    digest: str
    title: str
    prompt: str
    panel: str | None
    total: str | None
    recall_days: int | None
    items: Sequence[Item]
    low: int
    high: int
    bands: Sequence[Band]
    missing: Missing
    flags: Sequence[Flag]
    copyright: str
    source: str


@dataclass(frozen=True, slots=True)
class Score:
    """`raw_sum` is of what was answered. `total` and `severity` are absent where `total_method` is `invalid`."""

    answered: int
    raw_sum: int
    total: int | None
    total_method: TotalMethod
    severity: str | None


def read_answers(instrument: Instrument, given: Mapping[str, Given]) -> dict[str, str]:
    """The answer code or text of every item that was answered. Raises Problem for what the instrument does not have."""
    items = {item.link_id: item for item in instrument.items}
    if unknown := given.keys() - items.keys():
        raise Problem("unknown_answer", f"{instrument.title} has no such item.", field=f"answers.{min(unknown)}"[:100])
    read = {link_id: read_answer(items[link_id], answer) for link_id, answer in given.items() if answer is not None}
    return {link_id: answer for link_id, answer in read.items() if answer}


def read_answer(item: Item, given: str | int) -> str:
    """Its answer code; of a text item the text, which is empty where only blanks were sent."""
    if item.kind == "text":
        return _text_of(item, given)
    wanted = dict(item.aliases).get(given, given) if isinstance(given, str) else given
    for choice in item.choices:
        if wanted == choice.code or (isinstance(wanted, int) and wanted == choice.score):
            return choice.code
    raise Problem("unknown_answer", "This item has no such answer.", field=f"answers.{item.link_id}")


def _text_of(item: Item, given: str | int) -> str:
    if not isinstance(given, str):
        raise Problem("unknown_answer", "This item is answered with a text.", field=f"answers.{item.link_id}")
    # Browsers count a line's end as one character and send two.
    text = given.replace("\r\n", "\n").strip()
    if item.max_length is not None and len(text) > item.max_length:
        raise Problem("invalid_request", f"A text of at most {item.max_length} characters.", field=f"answers.{item.link_id}")
    return text


def score(instrument: Instrument, answers: Mapping[str, str]) -> Score:
    """`answers` as `read_answers` gives them. A missing answer never counts as a score of 0."""
    scored = [item for item in instrument.items if item.scored]
    scores = [_score_of(item, answers[item.link_id]) for item in scored if item.link_id in answers]
    answered, raw_sum = len(scores), sum(scores)
    missing = len(scored) - answered
    if missing > instrument.missing.prorated:
        return Score(answered, raw_sum, None, "invalid", None)
    total = prorate(raw_sum, answered, len(scored)) if missing else raw_sum
    return Score(answered, raw_sum, total, "prorated" if missing else "complete", severity_of(instrument, total))


def prorate(raw_sum: int, answered: int, items: int) -> int:
    """`raw_sum` * items / answered to the nearest integer, halves up; in integers, since Python rounds halves to even."""
    return (2 * raw_sum * items + answered) // (2 * answered)


def severity_of(instrument: Instrument, total: int) -> str:
    for band in instrument.bands:
        if band.low <= total <= band.high:
            return band.severity
    raise ValueError(f"{instrument.title} has no total of {total}")


def flags_on_saving(instrument: Instrument, link_id: str, code: str) -> frozenset[FlagName]:
    """What the answer to one item raises at once, whatever the total is. No answer raises nothing, and shows no absence of risk either."""
    for item in instrument.items:
        if item.link_id == link_id:
            raised = [flag for flag in instrument.flags if flag.item == link_id and _score_of(item, code) >= flag.at_least]
            return frozenset(flag.name for flag in raised)
    raise ValueError(f"{instrument.title} has no item {link_id}")


def flags_of(instrument: Instrument, score: Score) -> frozenset[FlagName]:
    """What the total raises. A prorated total counts as a complete one does: A3 is for the client's good. An invalid one has no total."""
    if score.total is None:
        return frozenset()
    return frozenset(flag.name for flag in instrument.flags if flag.item is None and score.total >= flag.at_least)


def _score_of(item: Item, code: str) -> int:
    for choice in item.choices:
        if choice.code == code:
            return choice.score or 0
    raise ValueError(f"item {item.link_id} has no answer {code}")
