"""What is wrong with a document although it has the right form. Each check gives sentences, so that one reading finds all of it."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise
from typing import Any, TypeVar

from assessments.instruments.document import Document, ItemDocument, VectorDocument, instrument_of
from assessments.instruments.rules import Instrument, flags_of, flags_on_saving, read_answers, score

Value = TypeVar("Value", bound=Hashable)
TEXTS = frozenset({"language", "title", "prompt", "text", "copyright", "source"})
"""What may differ between two languages."""


def faults_of(document: Document) -> list[str]:
    """Vectors are tried on a document that is sound otherwise: on another one they would only say the same again."""
    checks = (_codes, _lists, _aliases, _range, _bands, _flags)
    found = [fault for check in checks for fault in check(document)]
    return found or list(_vectors(document))


def differences(document: Document, other: Document) -> list[str]:
    """Where two languages of one version differ in anything but texts."""
    here, there = (_without_texts(one.model_dump(mode="json")) for one in (document, other))
    return [key for key in here if here[key] != there[key]]


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_texts(inner) for key, inner in value.items() if key not in TEXTS}
    return [_without_texts(inner) for inner in value] if isinstance(value, list) else value


def _codes(document: Document) -> Iterator[str]:
    named = [document.panel, document.score.code, *(item.link_id for item in document.items)]
    for code in _twice(code for code in named if code):
        yield f"{code} stands there twice"


def _lists(document: Document) -> Iterator[str]:
    for name, choices in document.answer_lists.items():
        for code in _twice(choice.code for choice in choices):
            yield f"answer list {name} has {code} twice"
        for value in _twice(choice.score for choice in choices if choice.score is not None):
            yield f"answer list {name} has the score {value} twice"
    for item in document.items:
        if item.answers and not document.answer_lists.get(item.answers):
            yield f"item {item.link_id} has answers of no list: {item.answers}"
        elif item.scored and None in _scores(item, document):
            yield f"item {item.link_id} is scored, and some of its answers have no score"
    if not document.scored:
        yield "no item is scored"


def _aliases(document: Document) -> Iterator[str]:
    for item in document.items:
        codes = {choice.code for choice in document.answer_lists.get(item.answers or "", ())}
        for alias, code in item.aliases.items():
            if alias in codes or code in item.aliases:
                yield f"item {item.link_id}: alias {alias} makes a loop"
            elif code not in codes:
                yield f"item {item.link_id}: alias {alias} means {code}, which is none of its answers"


def _range(document: Document) -> Iterator[str]:
    scores = [[value for value in _scores(item, document) if value is not None] or [0] for item in document.scored]
    lowest, highest = sum(map(min, scores)), sum(map(max, scores))
    if (document.score.low, document.score.high) != (lowest, highest):
        yield f"the total is said to be {document.score.low} to {document.score.high}; the items allow {lowest} to {highest}"
    if document.score.missing.prorated and lowest != 0:
        yield "only scores that begin at 0 can be prorated"
    if document.score.missing.prorated >= len(document.scored) > 0:
        yield "a total cannot be prorated from no answer at all"


def _bands(document: Document) -> Iterator[str]:
    bands = document.bands
    for band in bands:
        if band.low > band.high:
            yield f"band {band.severity} ends before it begins"
    for before, after in pairwise(bands):
        if after.low <= before.high:
            yield f"bands {before.severity} and {after.severity} overlap"
        elif after.low > before.high + 1:
            yield f"there is a gap between the bands {before.severity} and {after.severity}"
    if (bands[0].low, bands[-1].high) != (document.score.low, document.score.high):
        yield f"the bands go from {bands[0].low} to {bands[-1].high}, totals from {document.score.low} to {document.score.high}"
    for severity in _twice(band.severity for band in bands):
        yield f"two bands are {severity}"


def _flags(document: Document) -> Iterator[str]:
    scored = {item.link_id: item for item in document.scored}
    for flag in document.flags:
        if flag.item is None:
            possible = range(document.score.low, document.score.high + 1)
        elif flag.item in scored:
            values = [value for value in _scores(scored[flag.item], document) if value is not None] or [0]
            possible = range(min(values), max(values) + 1)
        else:
            yield f"flag {flag.name} is on {flag.item}, which is no scored item"
            continue
        if flag.value not in possible:
            yield f"flag {flag.name} is at {flag.value}, which is no score there"
    for name in _twice(flag.name for flag in document.flags):
        yield f"two flags are {name}"


def _vectors(document: Document) -> Iterator[str]:
    instrument = instrument_of(document, digest="")
    for number, vector in enumerate(document.vectors, start=1):
        if fault := _vector_fault(instrument, vector):
            yield f"test vector {number}: {fault}"
    shown = {value for vector in document.vectors for value in (vector.severity, vector.total_method, *vector.flags)}
    wanted = [band.severity for band in document.bands] + [flag.name for flag in document.flags] + ["complete", "invalid"]
    wanted += ["prorated"] if document.score.missing.prorated else []
    for name in wanted:
        if name not in shown:
            yield f"no test vector shows {name}"


def _vector_fault(instrument: Instrument, vector: VectorDocument) -> str | None:
    scored = [item.link_id for item in instrument.items if item.scored]
    if len(vector.answers) != len(scored):
        return f"{len(vector.answers)} answers to {len(scored)} scored items"
    given = dict(zip(scored, vector.answers, strict=True))
    known = {item.link_id: {choice.score for choice in item.choices} for item in instrument.items}
    if any(value is not None and value not in known[link_id] for link_id, value in given.items()):
        return "an answer that an item does not have"
    answers = read_answers(instrument, given)
    found = score(instrument, answers)
    flags = flags_of(instrument, found).union(*(flags_on_saving(instrument, *answer) for answer in answers.items()))
    is_ = (found.raw_sum, found.total, found.total_method, found.severity, sorted(flags))
    said = (vector.raw_sum, vector.total, vector.total_method, vector.severity, sorted(vector.flags))
    return None if is_ == said else f"says {said}, scored {is_}"


def _scores(item: ItemDocument, document: Document) -> list[int | None]:
    return [choice.score for choice in document.answer_lists.get(item.answers or "", ())]


def _twice(values: Iterable[Value]) -> list[Value]:
    return [value for value, times in Counter(values).items() if times > 1]
