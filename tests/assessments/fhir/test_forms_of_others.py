"""Every PHQ-9 and GAD-7 form that others have published: what is wrong in it, by name, and there and back again.

Sources: HL7 FHIR R4 examples (CC0), LHC-Forms (NLM), HL7 personal-health-record-format-ig (CC BY 4.0). LOINC under its own terms.
"""

import re

import pytest

from assessments.fhir.writing import questionnaire_response
from assessments.fhir.writing_observations import observation
from assessments.instruments.rules import score
from tests.assessments.fhir import fsh
from tests.assessments.fhir.people import DATA, GAD_7, PHQ_9, Json, codes, filled, kept, load, needs_data, questions, read

FORMS = {
    "lforms/argonaut-phq9-ish.json": ["not_r4b", "text_differs", "text_differs"],
    "lforms/phq9-with-the-weight-function.json": [],
    "lforms/phq9.json": ["not_r4b"] * 10,
    "r4-core-examples/Questionnaire-phq-9-questionnaire.json": ["missing_items", "other_difficulty_item", "text_differs"],
    "phr-ig/Questionnaire-ScoredAssessment-GAD7.fsh": ["text_differs"],
    "phr-ig/Questionnaire-ScoredAssessment-PHQ9.fsh": ["text_differs"],
}
"""What is wrong in each. Argonaut's narrative has a status and no text, and it words items 9 and 10 otherwise. LHC-Forms names variables
with underscores where R4 has ids. HL7's own R4 example has neither item 9 nor the whole of item 3, and another term for item 10. The
health record's GAD-7 words item 2 otherwise, its PHQ-9 item 8."""
RESPONSES = {
    "phr-ig/QuestionnaireResponse-ScoredAssessment-GAD7.fsh": [],
    "phr-ig/QuestionnaireResponse-ScoredAssessment-PHQ9.fsh": [],
}
TOTALS = {
    "phr-ig/Observation-PHR-ScoredAssessment-GAD7.fsh": ["authored_imprecise", "total_without_items"],
    "phr-ig/Observation-PHR-ScoredAssessment-PHQ9.fsh": ["authored_imprecise", "total_without_items"],
}
PATIENT = fsh.reference("PGHDPatientExample")
INSTRUMENTS = {"GAD7": GAD_7, "PHQ9": PHQ_9}
pytestmark = needs_data


def resource(name: str) -> tuple[str, Json]:
    path = DATA / "fhir" / name
    return fsh.read_instance(path) if path.suffix == ".fsh" else ("", load(path))


def test_no_form_is_left_out() -> None:
    """The value sets and code systems of the risk levels are no forms."""
    about = re.compile(r"phq-?9|gad-?7", re.IGNORECASE)
    found = {
        str(path.relative_to(DATA / "fhir"))
        for path in (DATA / "fhir").rglob("*.*")
        if about.search(path.read_text()) and not re.search(r"^(ValueSet|CodeSystem):", path.read_text(), re.MULTILINE)
    }
    assert found == FORMS.keys() | RESPONSES.keys() | TOTALS.keys()


@pytest.mark.parametrize("name", FORMS | RESPONSES | TOTALS)
def test_what_is_wrong_in_it_is_told_by_name(name: str) -> None:
    _, sent = resource(name)
    assert codes(read(sent, PATIENT)) == (FORMS | RESPONSES | TOTALS)[name]


def test_the_example_of_R4_is_told_which_item_it_lacks() -> None:
    _, form = resource("r4-core-examples/Questionnaire-phq-9-questionnaire.json")
    assert next(found.detail for found in read(form).findings if found.code == "missing_items").endswith("44260-8.")


@pytest.mark.parametrize("name", FORMS)
def test_filled_in_it_comes_in_goes_out_and_comes_back_the_same(name: str) -> None:
    """By the form's own link ids, which mean something by its codes alone."""
    _, form = resource(name)
    instrument = GAD_7 if "GAD7" in name else PHQ_9
    asked = {code["code"] for one in questions(form) for code in one.get("code", [])}
    given = {one.link_id: one.choices[place % 4].code for place, one in enumerate(instrument.items) if one.link_id in asked}
    [first] = read(filled(form, given)).responses
    assert first.imported.answers == given
    record = kept(instrument, first.imported.answers)
    for written in (questionnaire_response(record), observation(record)):
        [again] = read(written).responses
        assert (again.imported.answers, again.imported.instrument) == (given, instrument)


@pytest.mark.parametrize("which", INSTRUMENTS)
def test_a_response_with_its_form_and_its_total_is_one_response_whose_total_is_ours(which: str) -> None:
    parts = ("Questionnaire-ScoredAssessment", "QuestionnaireResponse-ScoredAssessment", "Observation-PHR-ScoredAssessment")
    sent = dict(resource(f"phr-ig/{part}-{which}.fsh") for part in parts)
    entries = [{"fullUrl": name, "resource": one} for name, one in sent.items()]
    found = read({"resourceType": "Bundle", "type": "collection", "entry": entries}, PATIENT)
    [one] = found.responses
    assert sorted(found.fates.values()) == ["form", "part", "response"]
    assert (one.imported.instrument, one.imported.stated_total) == (INSTRUMENTS[which], 3)
    assert score(one.imported.instrument, one.imported.answers).total == 3
    assert codes(found) == FORMS[f"phr-ig/Questionnaire-ScoredAssessment-{which}.fsh"]
    assert one.imported.authored_at.isoformat() == "2024-12-01T03:00:00+00:00"
