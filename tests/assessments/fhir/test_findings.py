"""What is wrong in a resource is told by name, and never with what was sent."""

from datetime import timedelta
from typing import Any

import pytest

from assessments.fhir.findings import ERRORS, WARNINGS
from assessments.fhir.reading import read_bundle
from tests.assessments.fhir.people import CLIENT, GAD_7, NOW, PHQ_9, Json, bundle, codes, item, items, read, response

LOINC = "http://loinc.org"
SUBJECT = {"reference": f"urn:uuid:{CLIENT}"}


def phq_9(replaced: str | None = None, *more: Json, **changed: Any) -> Json:
    """Complete, but for the item that something else stands in place of."""
    return response([one for one in items(PHQ_9) if one["linkId"] != f"/{replaced}"] + list(more), **changed)


def answered(code: str, **value: Any) -> Json:
    return {"linkId": f"/{code}", "answer": [value]}


def coding(code: str, **more: Any) -> dict[str, Any]:
    return {"valueCoding": {"system": LOINC, "code": code, **more}}


def observation(code: str, **more: Any) -> Json:
    coded = {"coding": [{"system": LOINC, "code": code}]}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": coded,
        "subject": SUBJECT,
        "effectiveDateTime": "2026-11-20T09:30:00Z",
        **more,
    }


def components(*values: tuple[str, dict[str, Any]]) -> list[Json]:
    return [{"code": {"coding": [{"system": LOINC, "code": code}]}, **value} for code, value in values]


SECOND = components(("44250-9", {"valueInteger": 2}))
NEVERMIND = {"unknown_item", "missing_items"}
REFUSED: dict[str, tuple[str, Any]] = {
    "no resource at all": ("not_fhir", {"resourceType": 5}),
    "a list": ("not_fhir", [1, 2]),
    "a message": ("unsupported_bundle", {"resourceType": "Bundle", "type": "message"}),
    "an element that R4B does not have": ("not_r4b", phq_9(colour="green")),
    "in progress": ("not_completed", phq_9(status="in-progress")),
    "entered in error": ("entered_in_error", phq_9(status="entered-in-error")),
    "a modifier": ("modifier_extension", phq_9(modifierExtension=[{"url": "http://example.org/not", "valueBoolean": True}])),
    "nobody": ("subject_missing", phq_9(subject=None)),
    "somebody else": ("subject_other", phq_9(subject={"reference": "Patient/another"})),
    "no date": ("authored_missing", phq_9(authored=None)),
    "only a year": ("authored_unreadable", phq_9(authored="2026")),
    "before there was any instrument": ("authored_unreadable", phq_9(authored="1970-01-01T00:00:00Z")),
    "tomorrow": ("authored_in_future", phq_9(authored="2026-11-23")),
    "ten minutes from now": ("authored_in_future", phq_9(authored="2026-11-22T12:10:00Z")),
    "PHQ-9 answers to the GAD-7": ("wrong_instrument", phq_9(questionnaire="http://loinc.org/q/69737-5")),
    "another questionnaire": ("wrong_instrument", response([item("9267-6", "LA6556-0")])),
    "both instruments": ("several_instruments", response(items(PHQ_9) + items(GAD_7))),
    "only the difficulty": ("nothing_answered", response([item("69722-7", "LA6572-7")])),
    "nothing": ("nothing_answered", response([], questionnaire="http://loinc.org/q/44249-1", item=None)),
    "44254-2 for 44254-1": ("wrong_check_digit", phq_9("44254-1", item("44254-2"))),
    "an item of CMS": ("cms_item", phq_9("44255-8", item("54639-0", "LA10998-5"))),
    "the code of one item with the text of another": (
        "item_contradicts_itself",
        phq_9("44260-8", item("44260-8", text="Poor appetite or overeating")),
    ),
    "one item twice": ("answered_twice", phq_9(None, item("44250-9", "LA6571-9"))),
    "two answers to one item": ("answered_twice", phq_9("44250-9", {"linkId": "/44250-9", "answer": [coding("LA6568-5")] * 2})),
    "an answer of CMS": ("unknown_answer", phq_9("44250-9", item("44250-9", "LA10999-3"))),
    "a score of 4": ("unknown_answer", phq_9("44250-9", answered("44250-9", valueInteger=4))),
    "half a point": ("unknown_answer", phq_9("44250-9", answered("44250-9", valueDecimal=1.5))),
    "a truth value": ("unknown_answer", phq_9("44250-9", answered("44250-9", valueBoolean=True))),
    "words that are no answer": ("unknown_answer", phq_9("44250-9", answered("44250-9", valueString="now and then"))),
    "LA18938-3 outside of 68509-9": ("answer_of_another_item", phq_9("44250-9", item("44250-9", "LA18938-3"))),
    "an answer about difficulty": ("answer_of_another_item", phq_9("44250-9", item("44250-9", "LA6572-7"))),
    "a code with another answer's words": (
        "answer_contradicts_itself",
        phq_9("44260-8", answered("44260-8", **coding("LA6568-5", display="Nearly every day"))),
    ),
    "a total alone": ("total_without_items", response([answered("44261-6", valueDecimal=12)])),
    "an observed total alone": ("total_without_items", observation("70274-6", valueQuantity={"value": 3, "unit": "{score}"})),
    "a single item": ("items_without_panel", observation("44250-9", valueInteger=2)),
    "members that are not sent": ("member_not_found", observation("44249-1", hasMember=[{"reference": "Observation/1"}], component=SECOND)),
    "millimetres": (
        "wrong_unit",
        observation("44261-6", component=[*SECOND, *components(("44255-8", {"valueQuantity": {"value": 1, "unit": "mm", "code": "mm"}}))]),
    ),
    "a form of thousands of items": ("too_many", phq_9(None, *(answered(f"own{n}", valueString="x") for n in range(20_000)))),
    "more than 200 at once": (
        "too_many",
        bundle(*(phq_9(authored=f"2026-{month:02}-{day:02}T10:00:00Z") for month in range(1, 9) for day in range(1, 27))),
    ),
}
TAKEN: dict[str, tuple[str, Json]] = {
    "the same twice": ("repeated", bundle(phq_9(), phq_9())),
    "an item not answered": ("missing_items", phq_9("44251-7")),
    "asked and declined": (
        "declined",
        phq_9(
            "44251-7",
            answered(
                "44251-7",
                valueCoding={"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "asked-declined"},
            ),
        ),
    ),
    "LA18938-3 for 68509-9": ("alias_read", response([*items(GAD_7)[:1], item("68509-9", "LA18938-3"), *items(GAD_7)[2:]])),
    "no code but our wording": (
        "matched_by_text",
        phq_9("44251-7", {"linkId": "5", "text": "Poor appetite, or overeating", "answer": [coding("LA6568-5")]}),
    ),
    "a question of their own": ("unknown_item", phq_9(None, {"linkId": "own", "answer": [{"valueString": "well"}]})),
    "69723-5 for 69722-7": ("panel_as_item", phq_9(None, item("69723-5", "LA6572-7"))),
    "44256-6 for 69722-7": ("other_difficulty_item", phq_9(None, item("44256-6", "LA6572-7"))),
    "the total of the PHQ-2": ("other_instrument", phq_9(None, answered("55758-7", valueDecimal=2))),
    "a version that we never had": ("unknown_version", phq_9(questionnaire="urn:care-connect:questionnaire:phq-9:en|99")),
    "only the day": ("authored_imprecise", phq_9(authored="2026-11-20")),
    "a total of its own": ("stated_total_differs", phq_9(None, answered("44261-6", valueDecimal=12))),
    "a total in words": ("stated_total_unreadable", phq_9(None, answered("44261-6", valueString="nine"))),
    "two totals": ("totals_contradict", phq_9(None, {"linkId": "/44261-6", "answer": [{"valueDecimal": 9}, {"valueDecimal": 12}]})),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_by_name(what: str) -> None:
    code, sent = REFUSED[what]
    found = read(_without_nothing(sent))
    assert {one.code for one in found.findings if one.severity == "error"} == {code}
    assert found.responses == ()


@pytest.mark.parametrize("what", TAKEN)
def test_it_is_taken_and_named(what: str) -> None:
    code, sent = TAKEN[what]
    found = read(sent)
    assert set(codes(found)) - NEVERMIND == {code} - NEVERMIND
    assert code in codes(found)
    assert len(found.responses) == 1


def _without_nothing(sent: Any) -> Any:
    return {name: value for name, value in sent.items() if value is not None} if isinstance(sent, dict) else sent


def test_every_finding_has_a_test() -> None:
    of_forms = {"text_differs", "answers_differ", "ordinal_differs"}
    tested = {code for code, _ in (REFUSED | TAKEN).values()} | of_forms | {"too_deep"}
    assert tested == ERRORS.keys() | WARNINGS.keys()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda question: question["answerOption"].pop(), "answers_differ"),
        (lambda question: question.update(answerOption=None, answerValueSet="http://loinc.org/vs/LL359-1"), "answers_differ"),
        (lambda question: question["answerOption"][1]["extension"][1].update(valueDecimal=2), "ordinal_differs"),
        (lambda question: question.update(text="Something else"), "text_differs"),
    ],
)
def test_a_form_that_differs_from_the_instrument_is_told_where(change: Any, code: str) -> None:
    from assessments.fhir.writing import questionnaire

    form = questionnaire(PHQ_9)
    change(form["item"][1])
    form["item"][1] = _without_nothing(form["item"][1])
    assert [(one.code, one.path, one.severity) for one in read(form).findings] == [(code, "item[1]", "warning")]


def test_44254_2_is_told_with_the_code_that_is_meant() -> None:
    [found] = [one for one in read(phq_9("44254-1", item("44254-2"))).findings if one.code == "wrong_check_digit"]
    assert found.detail.endswith("44254-1 seems to be meant.")


def test_one_bad_resource_in_a_bundle_does_not_stop_the_good_ones() -> None:
    found = read(bundle(phq_9(status="in-progress"), {"resourceType": "Patient"}, phq_9(), {"nothing": 1}, response(items(GAD_7))))
    assert list(found.fates.values()) == ["refused", "response", "response"]
    assert [one.imported.instrument.name for one in found.responses] == ["phq-9", "gad-7"]
    assert found.ignored == {"Patient": 1}
    assert [(one.resource, one.path) for one in found.findings if one.code == "not_fhir"] == [("Bundle", "entry[3].resource")]


def test_what_nests_too_deeply_is_not_followed() -> None:
    nested: Json = item("44250-9")
    for _ in range(500):
        nested = {"linkId": "g", "item": [nested]}
    assert codes(read(response([nested]))) == ["too_deep"]


def test_a_panel_with_members_is_a_response_and_so_is_a_total_with_components() -> None:
    members = [observation(one.link_id, valueInteger=2, id=f"m{place}") for place, one in enumerate(PHQ_9.items) if one.scored]
    total = observation("44261-6", valueQuantity={"value": 18, "code": "{score}"}, id="total")
    panel = observation("44249-1", hasMember=[{"reference": f"Observation/{one['id']}"} for one in (*members, total)])
    [read_panel] = (found := read(bundle(panel, *members, total))).responses
    assert codes(found) == []
    assert set(read_panel.imported.answers.values()) == {"LA6570-1"}
    assert read_panel.imported.stated_total == 18
    values = [(one.link_id, {"valueCodeableConcept": {"coding": [{"system": LOINC, "code": "LA6570-1"}]}}) for one in PHQ_9.items[:9]]
    [read_total] = read(observation("44261-6", valueInteger=18, component=components(*values))).responses
    assert read_total.imported.answers == read_panel.imported.answers


def test_a_member_that_is_about_somebody_else_stops_the_panel() -> None:
    member = observation("44250-9", valueInteger=3, id="m", subject={"reference": "Patient/another"})
    found = read(bundle(observation("44249-1", hasMember=[{"reference": "Observation/m"}]), member))
    assert found.responses == ()
    assert "subject_other" in codes(found)


def test_a_total_of_somebody_else_beside_a_response_is_not_kept_with_it() -> None:
    named = {"fullUrl": "urn:uuid:1", "resource": phq_9()}
    total = observation("44261-6", valueInteger=27, derivedFrom=[{"reference": "urn:uuid:1"}], subject={"reference": "Patient/another"})
    found = read({"resourceType": "Bundle", "type": "collection", "entry": [named, {"resource": total}]})
    assert (found.responses[0].imported.stated_total, codes(found)) == (None, ["subject_other"])


@pytest.mark.parametrize("authored", ["2026-11-22", "2026-11-22T12:04:00Z"])
def test_the_same_is_the_same_also_where_its_moment_is_still_to_come(authored: str) -> None:
    early, late = NOW.replace(hour=8), NOW + timedelta(hours=1)
    if "T" in authored:
        early = NOW
    [first], [second] = (read_bundle(phq_9(authored=authored), CLIENT, now).responses for now in (early, late))
    assert first.imported.authored_at == early
    assert first.imported.source_id == second.imported.source_id


def test_of_one_resource_no_more_than_fifty_findings_are_told() -> None:
    assert len(read(phq_9(None, *(answered(f"own{n}", valueString="x") for n in range(300)))).findings) == 50


def test_who_answered_is_the_practitioner_where_the_source_is_one() -> None:
    said = {"client": {"source": SUBJECT}, "provider": {"source": {"reference": "Practitioner/7"}, "author": SUBJECT}}
    assert {read(phq_9(**more)).responses[0].imported.answered_by: who for who, more in said.items()} == {who: who for who in said}


@pytest.mark.parametrize("place", ["id", "questionnaire", "linkId", "element", "code", "display", "text"])
def test_C13_no_string_that_was_sent_is_told_or_kept(place: str) -> None:
    ssn = "219-09-9999"
    sent: dict[str, Json] = {
        "id": phq_9(id=ssn),
        "questionnaire": phq_9(questionnaire=f"urn:{ssn}"),
        "linkId": phq_9(None, {"linkId": ssn, "answer": [{"valueString": ssn}]}),
        "element": phq_9(None, **{ssn: 1}),
        "code": phq_9("44250-9", item("44250-9", ssn)),
        "display": phq_9("44250-9", answered("44250-9", **coding("LA6568-5", display=ssn))),
        "text": phq_9(None, {"linkId": "x", "text": ssn, "answer": [{"valueString": ssn}]}),
    }
    assert ssn not in str(read(sent[place]))
    assert ssn not in str(read(bundle(sent[place])))
