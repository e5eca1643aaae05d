"""The instruments as data: PHQ-9 (LOINC panel 44249-1) and GAD-7 (LOINC panel 69737-5).

Codes, texts and scores: loinc.org 44249-1, 69737-5, LL358-3, LL359-1; HL7 US Core `Questionnaire-phq-9-example`; HL7 pco-ig
`Questionnaire-69737-5`. Bands: Kroenke, Spitzer, Williams 2001 (PHQ-9; LOINC LL382-3); Spitzer et al. 2006 (GAD-7).
"""

from assessments.instruments.rules import Band, Choice, Instrument, Item, Missing

FREQUENCY = (
    Choice("LA6568-5", "Not at all", 0),
    Choice("LA6569-3", "Several days", 1),
    Choice("LA6570-1", "More than half the days", 2),
    Choice("LA6571-9", "Nearly every day", 3),
)
"""LL358-3."""

# LL359-1 has no scores, and its codes are not in the order of severity.
DIFFICULTY = Item(
    "69722-7",
    "How difficult have these problems made it for you to do your work, take care of things at home, or get along with other people?",
    (
        Choice("LA6572-7", "Not difficult at all"),
        Choice("LA6573-5", "Somewhat difficult"),
        Choice("LA6575-0", "Very difficult"),
        Choice("LA6574-3", "Extremely difficult"),
    ),
    scored=False,
)

PROMPT = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
COPYRIGHT = (
    "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant from Pfizer Inc. "
    "No permission required to reproduce, translate, display or distribute. "
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © Regenstrief Institute, Inc. and the Logical "
    "Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license."
)

PHQ_9 = Instrument(
    name="phq-9",
    version="1",
    title="PHQ-9",
    panel="44249-1",
    total="44261-6",
    prompt=PROMPT,
    items=(
        Item("44250-9", "Little interest or pleasure in doing things", FREQUENCY),
        Item("44255-8", "Feeling down, depressed, or hopeless", FREQUENCY),
        Item("44259-0", "Trouble falling or staying asleep, or sleeping too much", FREQUENCY),
        Item("44254-1", "Feeling tired or having little energy", FREQUENCY),
        Item("44251-7", "Poor appetite or overeating", FREQUENCY),
        Item(
            "44258-2",
            "Feeling bad about yourself - or that you are a failure or have let yourself or your family down",
            FREQUENCY,
        ),
        Item("44252-5", "Trouble concentrating on things, such as reading the newspaper or watching television", FREQUENCY),
        Item(
            "44253-3",
            "Moving or speaking so slowly that other people could have noticed. Or the opposite - being so fidgety or restless that "
            "you have been moving around a lot more than usual",
            FREQUENCY,
        ),
        Item("44260-8", "Thoughts that you would be better off dead, or of hurting yourself in some way", FREQUENCY),
        DIFFICULTY,
    ),
    bands=(
        Band(0, 4, "minimal"),
        Band(5, 9, "mild"),
        Band(10, 14, "moderate"),
        Band(15, 19, "moderately_severe"),
        Band(20, 27, "severe"),
    ),
    missing=Missing(
        2, "CMS MDS data specifications V1.15, edit -3587: one missing, sum x 9/8; two, sum x 9/7; nearest integer; three or more, no total"
    ),
    copyright=COPYRIGHT,
)

GAD_7 = Instrument(
    name="gad-7",
    version="1",
    title="GAD-7",
    panel="69737-5",
    total="70274-6",
    prompt=PROMPT,
    items=(
        Item("69725-0", "Feeling nervous, anxious, or on edge", FREQUENCY),
        # LOINC's default list for this item alone says "More days than not" for 2.
        Item("68509-9", "Not being able to stop or control worrying", FREQUENCY, aliases=(("LA18938-3", "LA6570-1"),)),
        Item("69733-4", "Worrying too much about different things", FREQUENCY),
        Item("69734-2", "Trouble relaxing", FREQUENCY),
        Item("69735-9", "Being so restless that it is hard to sit still", FREQUENCY),
        Item("69689-8", "Becoming easily annoyed or irritable", FREQUENCY),
        Item("69736-7", "Feeling afraid, as if something awful might happen", FREQUENCY),
        DIFFICULTY,
    ),
    bands=(Band(0, 4, "minimal"), Band(5, 9, "mild"), Band(10, 14, "moderate"), Band(15, 21, "severe")),
    missing=Missing(0, "There is no official rule for missing answers, so only a complete GAD-7 has a total"),
    copyright=COPYRIGHT,
)

INSTRUMENTS: dict[str, Instrument] = {instrument.name: instrument for instrument in (PHQ_9, GAD_7)}
