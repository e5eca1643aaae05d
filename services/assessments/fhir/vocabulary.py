"""The code systems and codes that FHIR resources name, and the codes that are often sent where another is meant. Pure."""

import re

from assessments.instruments.loinc import looks_like_loinc

LOINC = "http://loinc.org"
LOINC_SYSTEMS = frozenset({LOINC, "https://loinc.org", "urn:oid:2.16.840.1.113883.6.1"})
DATA_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
UCUM = "http://unitsofmeasure.org"
SCORE_UNIT = "{score}"
SCORE_UNITS = frozenset({SCORE_UNIT, "{Score}", "score", "{#}", "{points}", "points", "1"})
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
PREFIX = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionPrefix"

FORM_URL = "urn:care-connect:questionnaire"
DIGEST = "urn:care-connect:instrument-digest"
RESPONSE = "urn:care-connect:response"
METHOD = "urn:care-connect:total-method"
SEVERITY = "urn:care-connect:severity"
SOURCE = "urn:care-connect:response-source"
MARK = "urn:care-connect:response-mark"
DIFFERS = "stated_total_differs"

PHQ_9_BANDS = {
    "minimal": "LA6708-7",
    "mild": "LA6709-5",
    "moderate": "LA6710-3",
    "moderately_severe": "LA6711-1",
    "severe": "LA6712-9",
}
"""LOINC LL382-3. LOINC has no such list for GAD-7."""

PHQ_PANEL = "69723-5"
"""The panel of the whole PHQ, which is often sent for the question of difficulty (69722-7)."""
OTHER_DIFFICULTY = "44256-6"
"""A second LOINC term for that question, of HL7's own R4 example."""
OTHER_INSTRUMENTS = frozenset({"55757-9", "55758-7", "79540-1"})
"""PHQ-2 panel and total; a total that LOINC discourages."""
CMS_ITEMS = range(54635, 54655)
"""LOINC numbers of the resident mood interview of CMS (MDS 3.0), whose items and answers are other ones: panel, 18 items, total."""


def is_cms_item(code: str) -> bool:
    return looks_like_loinc(code) and int(code.split("-")[0]) in CMS_ITEMS


def plain(text: str) -> str:
    """Letters and digits only, so that commas, dashes and capitals make no difference."""
    return " ".join(re.findall(r"\w+", text.casefold()))
