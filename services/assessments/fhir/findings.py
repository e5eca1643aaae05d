"""What is wrong in a FHIR resource, by name. A finding never repeats what was sent (C13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

ERRORS: Mapping[str, str] = {
    "not_fhir": "This is no FHIR resource.",
    "too_deep": "It is nested too deeply to be read.",
    "unsupported_bundle": "A bundle is a transaction, batch, collection, searchset or document.",
    "too_many": "There is more in it than one request may bring.",
    "not_r4b": "It is not valid FHIR R4B.",
    "modifier_extension": "It has a modifier that is not known here, so its meaning is not known either.",
    "not_completed": "Only what is completed is imported: completed or amended, final, amended or corrected.",
    "entered_in_error": "Its own author says that it was entered in error.",
    "subject_missing": "It does not say whom it is about.",
    "subject_other": "It is about somebody else.",
    "authored_missing": "It does not say when it was answered.",
    "authored_unreadable": "When it was answered is not told to the day, or cannot be.",
    "authored_in_future": "It says that it was answered later than now.",
    "wrong_instrument": "It names another instrument than its items belong to, or none of ours.",
    "several_instruments": "It mixes the items of several instruments: send each as a response of its own.",
    "nothing_answered": "None of the scored items is answered.",
    "wrong_check_digit": "This is no LOINC code: its check digit fails.",
    "cms_item": "This is an item of the CMS resident mood interview (MDS 3.0), which has other questions, answers and scores.",
    "item_contradicts_itself": "Its code and its text, or its code and its questionnaire, name different items.",
    "answered_twice": "This item is answered more than once.",
    "unknown_answer": "This item has no such answer.",
    "answer_of_another_item": "This is an answer of another item.",
    "answer_contradicts_itself": "The answer's code and its text say different things.",
    "wrong_unit": "A score has no unit, or {score}.",
    "total_without_items": "A total without its items is no response: it cannot be scored again, and is not kept.",
    "items_without_panel": "It is a single item: name it as a member of a panel or a total.",
    "member_not_found": "It names a member that is not sent with it.",
}
WARNINGS: Mapping[str, str] = {
    "repeated": "The same response stands in here before; it is imported once.",
    "missing_items": "Some of the scored items are not there.",
    "declined": "It says that this was not answered, and why; it counts as not answered.",
    "alias_read": "This answer code is read as the one that the others of the list have.",
    "matched_by_text": "The item has no code and is known by its wording alone.",
    "unknown_item": "This is no item of the instrument, and is left out.",
    "panel_as_item": "69723-5 is the panel of the whole PHQ; the question of difficulty is 69722-7. It is left out.",
    "other_difficulty_item": "44256-6 is another term than 69722-7, the question of difficulty. It is left out.",
    "other_instrument": "This belongs to another instrument than those that are kept here.",
    "unknown_version": "This version of our questionnaire is not known; it is read as the newest.",
    "authored_imprecise": "Only the day is told; noon in UTC is recorded, which is that day in all of the United States.",
    "stated_total_differs": "The total that it states is not the one that its answers give; ours counts.",
    "stated_total_unreadable": "The total that it states cannot be read.",
    "totals_contradict": "It states more than one total; the first one is kept beside ours.",
    "text_differs": "The wording is not the instrument's.",
    "answers_differ": "The list of answers is not the item's.",
    "ordinal_differs": "The score of an answer is not the instrument's.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`resource` is its type and id, or its place where the id is none; `path` leads from there."""

    resource: str
    path: str
    code: str
    detail: str
    severity: Severity


def finding(resource: str, path: str, code: str, more: str = "", *, severity: Severity | None = None) -> Finding:
    """Forms are only checked, so what would refuse a response may be a warning there."""
    usual: Severity = "error" if code in ERRORS else "warning"
    detail = ERRORS.get(code) or WARNINGS[code]
    return Finding(resource, path, code, f"{detail} {more}".strip(), severity or usual)


def refused(findings: Iterable[Finding]) -> bool:
    return any(found.severity == "error" for found in findings)
