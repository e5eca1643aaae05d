"""What goes out comes back in as it was, and what comes in may be anything."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.fhir.writing import questionnaire, questionnaire_response
from assessments.fhir.writing_observations import collection, observation
from assessments.instruments import catalogue
from assessments.instruments.rules import Instrument, flags_on_saving
from tests.assessments.fhir.people import CLIENT, CLINICAL, PHQ_9, RESPONSE, answers_of, codes, item, items, kept, read, response

NOT_WRONG = {"missing_items", "declined"}


@st.composite
def answered(draw: st.DrawFn) -> tuple[Instrument, dict[str, str]]:
    """Any answers in either language, at least one of them to a scored item, with or without the difficulty."""
    instrument = draw(st.sampled_from(CLINICAL))
    given = {one.link_id: draw(st.sampled_from([choice.code for choice in one.choices])) for one in instrument.items if draw(st.booleans())}
    scored = [one for one in instrument.items if one.scored]
    given.setdefault(draw(st.sampled_from(scored)).link_id, draw(st.sampled_from(scored[0].choices)).code)
    return instrument, given


@settings(max_examples=60)
@given(answered(), st.booleans())
def test_any_answers_come_back_as_they_went_out(one: tuple[Instrument, dict[str, str]], by_provider: bool) -> None:
    instrument, answers = one
    record = kept(instrument, answers, by_provider)
    for written in (questionnaire_response(record), observation(record), collection([record])):
        found = read(written)
        [again] = found.responses
        assert set(codes(found)) <= NOT_WRONG
        assert (again.imported.instrument, again.imported.answers) == (instrument, answers)
        assert (again.imported.answered_by, again.ours) == ("provider" if by_provider else "client", RESPONSE)
        assert (again.imported.authored_at, again.imported.client_id) == (record.at, CLIENT)


@pytest.mark.parametrize("instrument", catalogue.published(), ids=lambda one: f"{one.name}.{one.language}")
def test_a_questionnaire_says_all_that_the_instrument_does(instrument: Instrument) -> None:
    form = questionnaire(instrument)
    assert (form["id"], form["language"], form["version"]) == (instrument.digest, instrument.language, instrument.version)
    assert form["copyright"] == instrument.copyright
    asked = {one["linkId"]: one for one in form["item"]}
    for one in instrument.items:
        question = asked[f"/{one.link_id}"]
        options = question.get("answerOption", [])
        assert [option["valueCoding"]["code"] for option in options] == [choice.code for choice in one.choices]
        assert [_ordinal(option) for option in options] == [choice.score for choice in one.choices]
    assert codes(read(form)) == ([] if instrument.panel else ["wrong_instrument"])


def _ordinal(option: dict[str, object]) -> object:
    extensions = option.get("extension", [])
    assert isinstance(extensions, list)
    return next((one["valueDecimal"] for one in extensions if one["url"].endswith("/ordinalValue")), None)


def test_a_complete_total_is_a_number_a_prorated_one_is_marked_and_an_invalid_one_is_absent() -> None:
    complete, prorated, invalid = (kept(PHQ_9, answers_of(PHQ_9, [1] * n + [None] * (9 - n))) for n in (9, 8, 6))
    methods = [observation(record)["method"]["coding"][0]["code"] for record in (complete, prorated, invalid)]
    assert methods == ["complete", "prorated", "invalid"]
    assert observation(prorated)["valueQuantity"]["value"] == 9
    assert "valueQuantity" not in observation(invalid)
    assert observation(invalid)["dataAbsentReason"]["coding"][0]["code"] == "unknown"
    stated = [
        [one for one in questionnaire_response(record)["item"] if one["linkId"] == "/44261-6"] for record in (complete, prorated, invalid)
    ]
    assert [len(one) for one in stated] == [1, 0, 0]


def test_an_unanswered_item_9_goes_out_as_absent_and_never_as_not_at_all() -> None:
    record = kept(PHQ_9, answers_of(PHQ_9, [0] * 8 + [None]))
    [ninth] = [one for one in observation(record)["component"] if one["code"]["coding"][0]["code"] == "44260-8"]
    assert "dataAbsentReason" in ninth
    assert "valueCodeableConcept" not in ninth
    assert "44260-8" not in read(observation(record)).responses[0].imported.answers


def test_item_9_comes_in_as_what_raises_the_flag() -> None:
    [found] = read(response([*items(PHQ_9)[:8], item("44260-8", "LA6569-3")])).responses
    assert flags_on_saving(found.imported.instrument, "44260-8", found.imported.answers["44260-8"]) == {"safety"}


def test_C17_the_provider_is_not_named() -> None:
    written = questionnaire_response(kept(PHQ_9, answers_of(PHQ_9, [1] * 9), by_provider=True))
    assert written["source"] == written["author"] == {"type": "Practitioner", "display": "Provider"}


def test_a_total_that_was_stated_otherwise_is_marked_by_a_code() -> None:
    record = kept(PHQ_9, answers_of(PHQ_9, [1] * 9), differs=True)
    for written in (questionnaire_response(record), observation(record)):
        assert "stated_total_differs" in [tag["code"] for tag in written["meta"]["tag"]]


SOUND = kept(PHQ_9, answers_of(PHQ_9, [1] * 9))


def within(value: object) -> Iterator[object]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from within(inner)


EVERY = [one for sound in (collection([SOUND]), questionnaire(PHQ_9)) for one in within(sound)]
MORE = ["hasMember", "contained", "valueInteger", "valueString", "dataAbsentReason", "answerValueSet", "url", "performer", "valueBoolean"]
NAMES = st.sampled_from(sorted({name for one in EVERY if isinstance(one, dict) for name in one} | set(MORE)))
TELLING = sorted({one for one in EVERY if isinstance(one, str)} | {"44249-1", "44254-2", "54639-0", "#a", "0001-01-01T00:00:00+14:00", ""})
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=20), st.sampled_from(TELLING))
ANYTHING = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=40)
KINDS = st.sampled_from(["QuestionnaireResponse", "Observation", "Questionnaire", "Bundle", "Patient"])


@st.composite
def broken(draw: st.DrawFn) -> object:
    """A sound resource in which some place holds something else."""
    sound = draw(
        st.sampled_from([questionnaire_response, observation, lambda one: collection([one]), lambda one: questionnaire(one.instrument)])
    )
    root = at = sound(SOUND)
    for _ in range(draw(st.integers(0, 6))):
        inner = [value for value in (at.values() if isinstance(at, dict) else at) if isinstance(value, dict | list) and value]
        if not inner:
            break
        at = draw(st.sampled_from(inner))
    place = draw(st.sampled_from(sorted(at))) if isinstance(at, dict) else draw(st.integers(0, len(at) - 1))
    at[place] = draw(ANYTHING)
    return root


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    st.one_of(
        ANYTHING,
        broken(),
        st.builds(lambda kind, rest: {**rest, "resourceType": kind}, KINDS, st.dictionaries(NAMES, ANYTHING, max_size=8)),
    )
)
def test_whatever_is_sent_gives_findings_and_never_a_defect(sent: object) -> None:
    found = read(sent)
    assert all(one.imported.client_id == CLIENT for one in found.responses)
    assert found.findings or found.fates or found.ignored or sent


def test_the_service_starts_without_loading_the_library() -> None:
    """It takes half a second."""
    said = "import sys, assessments.app; print('fhir.resources' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
