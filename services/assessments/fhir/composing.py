"""From answers to items, however they were sent, to the answers to one instrument. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assessments.fhir import known, naming
from assessments.fhir.answers import number_of, read_value
from assessments.fhir.findings import Finding, finding, refused
from assessments.instruments import catalogue
from assessments.instruments.rules import Instrument, score


@dataclass(frozen=True, slots=True)
class Answered:
    """One item's `value[x]`: `path` leads to it, `code` is the item's. `wrong`: what is to be said of how the item is named."""

    resource: str
    path: str
    code: str | None
    kind: str
    value: object
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """No instrument: nothing to import, and the findings say why."""

    instrument: Instrument | None
    answers: Mapping[str, str]
    stated_total: float | None
    findings: tuple[Finding, ...]


def compose(label: str, given: Sequence[Answered], named: frozenset[str], chosen: Instrument | None, language: str) -> Composed:
    """`named`: the instruments that the document itself names; `chosen`: the very version of ours that it was answered on."""
    findings = [found for one in given for found in _of_naming(one)]
    items = [one for one in given if one.code in known.names_by_item()]
    totals = [one for one in given if one.code in known.name_by_total()]
    if not items and not totals:
        return Composed(None, {}, None, tuple(_nothing_of_ours(label, findings, named)))
    instrument, wrong = _instrument_of(label, items, totals, named, chosen, language)
    findings += wrong
    if instrument is None:
        return Composed(None, {}, None, tuple(findings))
    answers, found = _answers(label, instrument, items)
    stated, said = _stated([one for one in totals if one.code == instrument.total])
    findings += [*found, *said, *_compared(label, instrument, answers, stated)]
    return Composed(None if refused(findings) else instrument, answers, stated, tuple(findings))


def _nothing_of_ours(label: str, findings: list[Finding], named: frozenset[str]) -> list[Finding]:
    """What is wrong is what stands there in place of our items; the questions of another form are not told one by one."""
    mistaken = [found for found in findings if found.code not in ("unknown_item", "wrong_instrument")]
    return mistaken or [finding(label, "", "nothing_answered" if named else "wrong_instrument")]


def _of_naming(one: Answered) -> list[Finding]:
    code = one.wrong if one.wrong else naming.wrong_with(one.code)
    return [finding(one.resource, one.path, code, naming.meant_by(one.code))] if code else []


def _instrument_of(
    label: str, items: Sequence[Answered], totals: Sequence[Answered], named: frozenset[str], chosen: Instrument | None, language: str
) -> tuple[Instrument | None, list[Finding]]:
    scored = [known.names_by_item()[one.code] for one in items if one.code and known.item_of(one.code).scored]
    names = frozenset().union(*scored)
    if not names and totals:
        return None, [finding(one.resource, one.path, "total_without_items") for one in totals[:1]]
    if len(names) > 1:
        return None, [finding(label, "", "several_instruments")]
    if not names:
        return None, [finding(label, "", "nothing_answered")]
    (name,) = names
    if (named and name not in named) or (chosen and chosen.name != name):
        return None, [finding(label, "questionnaire", "wrong_instrument")]
    return chosen or catalogue.newest(name, language), []


def _answers(label: str, instrument: Instrument, given: Sequence[Answered]) -> tuple[dict[str, str], list[Finding]]:
    answers: dict[str, str] = {}
    findings: list[Finding] = []
    seen: set[str] = set()
    items = {item.link_id: item for item in instrument.items}
    for one in given:
        item = items.get(one.code or "")
        if item is None:
            continue
        read = read_value(item, one.kind, one.value)
        if read.finding:
            findings.append(finding(one.resource, one.path, read.finding, f"Item {item.link_id}."))
        if item.link_id in seen:
            findings.append(finding(one.resource, one.path, "answered_twice", f"Item {item.link_id}."))
        seen.add(item.link_id)
        if read.code:
            answers[item.link_id] = read.code
    missing = [item.link_id for item in instrument.items if item.scored and item.link_id not in answers]
    if len(missing) == sum(item.scored for item in instrument.items):
        findings.append(finding(label, "", "nothing_answered"))
    elif missing:
        findings.append(finding(label, "", "missing_items", f"{', '.join(missing)}."))
    return answers, findings


def _stated(totals: Sequence[Answered]) -> tuple[float | None, list[Finding]]:
    read = [(one, *number_of(one.kind, one.value)) for one in totals]
    findings = [finding(one.resource, one.path, "stated_total_unreadable") for one, number, _ in read if number is None]
    numbers = [number for _, number, _ in read if number is not None]
    if len(set(numbers)) > 1:
        findings.append(finding(read[1][0].resource, read[1][0].path, "totals_contradict"))
    return (numbers[0] if numbers else None), findings


def _compared(label: str, instrument: Instrument, answers: Mapping[str, str], stated: float | None) -> list[Finding]:
    differs = stated is not None and score(instrument, answers).total != stated
    return [finding(label, "", "stated_total_differs")] if differs else []
