"""What is known by its code or its wording: the items, answers, panels and totals of the published instruments that LOINC has. Pure."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from assessments.fhir.vocabulary import FORM_URL, plain
from assessments.instruments import catalogue
from assessments.instruments.rules import Instrument, Item


@lru_cache(maxsize=1)
def clinical() -> Sequence[Instrument]:
    """Those with a LOINC panel. Satisfaction is none: it is about the network, and stays out of clinical documents."""
    return [instrument for instrument in catalogue.published() if instrument.panel]


@lru_cache(maxsize=1)
def names_by_item() -> Mapping[str, frozenset[str]]:
    """The instruments that have an item of this code; the question of difficulty stands in both."""
    found: dict[str, set[str]] = {}
    for instrument in clinical():
        for item in instrument.items:
            found.setdefault(item.link_id, set()).add(instrument.name)
    return {code: frozenset(names) for code, names in found.items()}


@lru_cache(maxsize=1)
def name_by_total() -> Mapping[str, str]:
    return {instrument.total: instrument.name for instrument in clinical() if instrument.total}


@lru_cache(maxsize=1)
def name_by_panel() -> Mapping[str, str]:
    return {instrument.panel: instrument.name for instrument in clinical() if instrument.panel}


@lru_cache(maxsize=1)
def item_by_wording() -> Mapping[str, str]:
    return {plain(item.text): item.link_id for instrument in clinical() for item in instrument.items}


@lru_cache(maxsize=256)
def answers_by_wording(link_id: str) -> Mapping[str, str]:
    """Of an item, in every language."""
    items = [item for instrument in clinical() for item in instrument.items if item.link_id == link_id]
    return {plain(choice.text): choice.code for item in items for choice in item.choices}


@lru_cache(maxsize=1)
def answer_codes() -> frozenset[str]:
    """Of any item: an answer that is one of them and not this item's belongs to another."""
    items = [item for instrument in clinical() for item in instrument.items]
    return frozenset({choice.code for item in items for choice in item.choices} | {alias for item in items for alias, _ in item.aliases})


@lru_cache(maxsize=256)
def item_of(link_id: str) -> Item:
    return next(item for instrument in clinical() for item in instrument.items if item.link_id == link_id)


def form_url(instrument: Instrument) -> str:
    return f"{FORM_URL}:{instrument.name}:{instrument.language}"


@lru_cache(maxsize=1)
def by_canonical() -> Mapping[str, Instrument]:
    return {f"{form_url(instrument)}|{instrument.version}": instrument for instrument in clinical()}
