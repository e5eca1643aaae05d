"""A Questionnaire that is sent along: what its link ids mean, and how it differs from the published instrument. Pure but for R4B."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assessments.fhir import known, naming, r4b
from assessments.fhir.findings import Finding, finding
from assessments.fhir.naming import Named
from assessments.fhir.sent import Json, Sent, contained, index, loinc_codes, mapping, mappings, numbered, text
from assessments.fhir.vocabulary import DATA_ABSENT, ORDINAL, plain
from assessments.instruments.rules import Item

LISTS = {True: "LL358-3", False: "LL359-1"}
"""LOINC's answer lists: of the scored items, and of the question of difficulty."""


@dataclass(frozen=True, slots=True)
class Form:
    """`names`: the instruments that it says it is."""

    items: Mapping[str, Named]
    names: frozenset[str]
    language: str | None


def read_form(one: Sent) -> Form:
    items = {}
    codes = loinc_codes(one.body.get("code"))
    for _, item in walk(one.body.get("item"), "item"):
        link_id = text(item.get("linkId"))
        own = loinc_codes(item.get("code"))
        if item.get("type") == "group":
            codes += own
        elif link_id:
            items[link_id] = naming.name_item(link_id, own, text(item.get("text")))
    names = frozenset(known.name_by_panel()[code] for code in codes if code in known.name_by_panel())
    return Form(items, names, text(one.body.get("language")))


def walk(items: object, path: str) -> Iterator[tuple[str, Json]]:
    """Every item, at any level, also those below an answer."""
    for place, item in numbered(items):
        here = f"{path}[{place}]"
        yield here, item
        yield from walk(item.get("item"), f"{here}.item")
        for number, answer in numbered(item.get("answer")):
            yield from walk(answer.get("item"), f"{here}.answer[{number}].item")


def check_form(one: Sent) -> list[Finding]:
    """All of it warnings: a form is not imported, and what is answered on it is looked at by itself."""
    found = [("not_r4b", path, what) for path, what in r4b.faults(one.body)]
    form = read_form(one)
    asked: set[str] = set()
    if not form.names and not any(named.code in known.names_by_item() for named in form.items.values()):
        return [finding(one.label, "code", "wrong_instrument", severity="warning")]
    for path, item in walk(one.body.get("item"), "item"):
        named = form.items.get(text(item.get("linkId")) or "", Named(None))
        if item.get("type") in ("group", "display"):
            continue
        wrong = named.finding or naming.wrong_with(named.code)
        found += [(wrong, path, naming.meant_by(named.code))] if wrong else []
        if named.code in known.names_by_item():
            asked.add(named.code or "")
            found += [(code, path, f"Item {named.code}.") for code in _differences(one, item, known.item_of(named.code or ""))]
    found += _missing(form, asked)
    return [finding(one.label, path, code, more, severity="warning") for code, path, more in found]


def _missing(form: Form, asked: set[str]) -> list[tuple[str, str, str]]:
    instruments = [one for one in known.clinical() if one.name in form.names and one.language == "en"]
    left_out = [item.link_id for one in instruments for item in one.items if item.scored and item.link_id not in asked]
    return [("missing_items", "", f"{', '.join(left_out)}.")] if left_out else []


def _differences(form: Sent, item: Json, ours: Item) -> list[str]:
    wording = text(item.get("text"))
    found = []
    if wording and plain(wording) not in known.item_by_wording():
        found.append("text_differs")
    options = _options(form, item, ours)
    if options is None:
        return found
    allowed = {choice.code: choice.score for choice in ours.choices} | {alias: _score(ours, code) for alias, code in ours.aliases}
    codes = {code for code, _ in options}
    if not codes <= allowed.keys() or len({dict(ours.aliases).get(code, code) for code in codes}) != len(ours.choices):
        found.append("answers_differ")
    if any(ordinal is not None and ordinal != allowed.get(code, ordinal) for code, ordinal in options):
        found.append("ordinal_differs")
    return found


def _score(item: Item, code: str) -> int | None:
    return next(choice.score for choice in item.choices if choice.code == code)


def _options(form: Sent, item: Json, ours: Item) -> list[tuple[str, object]] | None:
    """The answer codes with their scores. None: a list of answers that is not here, so that nothing can be said of it."""
    reference = text(item.get("answerValueSet"))
    if reference is None:
        options = [(mapping(option.get("valueCoding")), option) for option in mappings(item.get("answerOption"))]
        return [_option(coding, option) for coding, option in options if coding.get("system") != DATA_ABSENT]
    listed = reference.rsplit("/", 1)[-1].split("|")[0]
    if listed in LISTS.values():
        return [(choice.code, None) for choice in ours.choices] if listed == LISTS[ours.scored] else [("", None)]
    by_url = {text(one.body.get("url")): one for one in contained(form)}
    target = index(contained(form)).get(reference) or by_url.get(reference)
    return [_option(one, one) for one in mappings(mapping(target.body.get("expansion")).get("contains"))] if target else None


def _option(coding: Json, holder: Json) -> tuple[str, object]:
    extensions = [*mappings(holder.get("extension")), *mappings(coding.get("extension"))]
    ordinal = next((one.get("valueDecimal") for one in extensions if one.get("url") == ORDINAL), None)
    return text(coding.get("code")) or "", ordinal
