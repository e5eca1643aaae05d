"""A value of a row as a person reads it. Pure; what it makes is escaped by the template, whatever was in it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from common.pages.language import Texts
from consent.bundles.records import Row
from consent.bundles.views import instruments

KINDS = {
    "programme": "programme",
    "decision": "standing",
    "categories": "kind",
    "withdrawn": "kind",
    "kinds": "kind",
    "category": "kind",
    "channel": "channel",
    "purpose": "purpose",
    "legal_basis": "basis",
    "path": "path",
    "recall": "recall",
    "recipient_name": "recipient",
    "template": "told",
    "instrument": "instrument",
    "instruments": "instrument",
    "family": "family",
    "sink": "sink_name",
    "resolution": "done",
}
"""The kind of text that names the values of a column; of every other it is `value`."""
WRITTEN = {"text", "subject", "sender", "email", "member_id", "wanted", "reason", "before", "after", "disagreement", "rebuttal"}
WORDS = WRITTEN | {"recipient_address", "authority_name", "authority_address"}
"""Columns whose values are shown as they were written."""
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Cell:
    """`lines`: several things, each on its own. `machine`: the moment or day for programs. `code`: not made for reading."""

    text: str
    lines: tuple[str, ...] = ()
    machine: str | None = None
    code: bool = False


NOTHING = Cell("–")


def shown(column: str, row: Row, t: Texts) -> Cell:
    value = row.get(column)
    if column == "answers" and isinstance(value, dict):
        return Cell("", tuple(_answers(value, str(row.get("instrument")), t)))
    if value in (None, "", [], {}):
        return NOTHING
    if isinstance(value, list):
        return Cell("", tuple(value_of(column, item, t).text for item in value))
    return value_of(column, value, t)


def value_of(column: str, value: object, t: Texts) -> Cell:
    match value:
        case None:
            return NOTHING
        case bool():
            return Cell(t("bundle.yes") if value else t("bundle.no"))
        case Mapping() | list():
            return Cell(json.dumps(value, ensure_ascii=False, sort_keys=True), code=True)
        case str() if column not in WORDS:
            return _named(column, value, t)
        case _:
            return Cell(str(value))


def _named(column: str, value: str, t: Texts) -> Cell:
    if IDS.fullmatch(value):
        return Cell(value, code=True)
    try:
        if MOMENT.match(value):
            at = datetime.fromisoformat(value)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
            return Cell(t.moment(at), machine=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        if DAY.fullmatch(value):
            return Cell(_day(date.fromisoformat(value), t), machine=value)
    except (ValueError, OverflowError):
        return Cell(value)
    return Cell(t.named(KINDS.get(column, "value"), value))


def _day(day: date, t: Texts) -> str:
    return t("bundle.day", day=day.day, month=t(f"month.{day.month}"), year=day.year)


def _answers(answers: Mapping[str, object], instrument: str, t: Texts) -> list[str]:
    words = instruments().get(instrument, {}).get(t.language, {})
    items, codes = words.get("items", {}), words.get("answers", {})
    ordered = sorted(answers, key=lambda link_id: (list(items).index(link_id) if link_id in items else len(items), link_id))
    given = {link_id: NOTHING.text if answers[link_id] is None else str(answers[link_id]) for link_id in ordered}
    return [f"{items.get(link_id, link_id)} – {codes.get(said, said)}" for link_id, said in given.items()]
