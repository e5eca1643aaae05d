"""The words of a provider's record. Closed lists: what is not here cannot be searched for."""

from collections.abc import Mapping
from typing import Literal, get_args

Degree = Literal[
    "masters",
    "psychology_doctorate",
    "nurse_practitioner",
    "medical_doctor",
    "bachelors",
    "associate",
    "other_doctorate",
    "other",
]
ELIGIBLE_DEGREES: tuple[Degree, ...] = ("masters", "psychology_doctorate", "nurse_practitioner")
"""S3. The list above is wider, so that a provider can be told that it is the degree."""

LicenceKind = Literal["full", "limited", "pre_licensed"]
"""S3: full, also under supervision. Limited and pre-licensed providers do not take part."""

Term = Literal["S7", "S8", "A1", "A3"]
"""What a provider agrees to, each by itself: answer within 24 hours, first call within 5 days, first assessments, follow-ups."""
TERMS: tuple[Term, ...] = get_args(Term)
CURRENT_TERMS = "2026-01"
"""The version that whoever joins now agrees to. Who joined before keeps the version of that day."""

Gender = Literal["female", "male", "non_binary"]

Specialty = Literal[
    "adhd",
    "anger",
    "anxiety",
    "autism",
    "bipolar",
    "caregiving",
    "chronic_illness",
    "couples",
    "cultural_identity",
    "depression",
    "eating_disorders",
    "family",
    "grief",
    "lgbtq",
    "life_transitions",
    "ocd",
    "pain",
    "panic",
    "parenting",
    "perinatal",
    "relationships",
    "self_esteem",
    "sleep",
    "stress",
    "substance_use",
    "trauma",
    "veterans",
    "work",
]
SAID_AS: Mapping[str, str] = {
    "adhd": "adhd attention deficit hyperactivity",
    "bipolar": "bipolar disorder mood",
    "cultural_identity": "cultural identity race immigration",
    "eating_disorders": "eating disorders body image",
    "grief": "grief loss bereavement",
    "lgbtq": "lgbtq gay lesbian bisexual transgender queer",
    "ocd": "ocd obsessive compulsive",
    "perinatal": "perinatal pregnancy postpartum",
    "sleep": "sleep insomnia",
    "substance_use": "substance use addiction alcohol",
    "trauma": "trauma ptsd",
    "work": "work career burnout",
    "act": "act acceptance and commitment",
    "cbt": "cbt cognitive behavioral",
    "dbt": "dbt dialectical behavior",
    "emdr": "emdr eye movement desensitization reprocessing",
    "ifs": "ifs internal family systems",
}
"""What else people type for a code that does not say it itself."""

Modality = Literal[
    "act",
    "art",
    "cbt",
    "dbt",
    "emdr",
    "exposure",
    "gottman",
    "ifs",
    "interpersonal",
    "medication_management",
    "mindfulness",
    "motivational_interviewing",
    "narrative",
    "psychodynamic",
    "solution_focused",
    "somatic",
    "systemic",
]

TAXONOMY: Mapping[str, str] = {
    "101YA0400X": "Addiction counselor",
    "101YM0800X": "Mental health counselor",
    "101YP1600X": "Pastoral counselor",
    "101YP2500X": "Professional counselor",
    "102L00000X": "Psychoanalyst",
    "103T00000X": "Psychologist",
    "103TA0400X": "Psychologist, addiction",
    "103TA0700X": "Psychologist, later life",
    "103TB0200X": "Psychologist, cognitive and behavioral",
    "103TC0700X": "Clinical psychologist",
    "103TC1900X": "Counseling psychologist",
    "103TC2200X": "Child psychologist",
    "103TF0000X": "Family psychologist",
    "103TH0100X": "Health service psychologist",
    "104100000X": "Social worker",
    "1041C0700X": "Clinical social worker",
    "106H00000X": "Marriage and family therapist",
    "363LP0808X": "Psychiatric nurse practitioner",
    "2084P0800X": "Psychiatrist",
}
"""Health care provider taxonomy codes (NUCC) that are used here, with labels of our own. The code set itself is not ours to pass on."""


def said_as(code: str) -> str:
    """The words of a code, as somebody would type them."""
    return SAID_AS.get(code, code.replace("_", " "))
