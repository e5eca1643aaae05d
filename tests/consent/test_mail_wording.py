import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consent.mail.own_words import own_words
from consent.mail.reading import Automatic, Mail
from consent.mail.wording import Wish, wish_of

DATA = Path(__file__).parents[2] / "../shared/data/email"
OPTOUT_LINES = DATA / "spamassassin_optout_lines.csv.gz"

CLEAR = [
    "Please opt me out",
    "Opt me out.",
    "I want to opt out",
    "I want to opt out of sharing my data with Optum",
    "I’d like to opt out of sharing my individual data with my health plan.",
    "i would like to opt-out of data sharing",
    "Hi,\n\nPlease opt me out of sharing my individual\ndata with my health plan.\n\nThank you,\nMaria Lopez",
    "Dear Privacy Officer:\nI hereby revoke my authorization to share my health data with my insurer.\nSincerely,\nJ. Smith",
    "My name is Maria Lopez and I want to opt out. My member ID is 12345.",
    "stop sharing my information",
    "Stop sharing my data immediately!",
    "Please stop sharing my personal and health data",
    "Please stop sharing my health data with Optum and confirm in writing.",
    "Don't share my data anymore",
    "Don’t share my data with my insurer.",
    "Do not share my information with anyone",
    "I do not want you to share my data",
    "I no longer want to share my data",
    "I don't want my data to be shared with my health plan.",
    "I no longer consent to sharing my data.",
    "I withdraw my consent",
    "Please opt me out. Thank you, Maria Lopez",
    "I am writing to withdraw my consent to sharing my data with my health plan.",
    "I revoke my permission.",
    "My data must no longer be shared",
    "This is my request to opt out",
    "unsubscribe",
    "UNSUBSCRIBE",
    "Unsubscribe me, please",
    "stop",
    "STOP!",
    "opt out",
    "Opt-out",
    "Stop sharing",
    "O\u200bpt me ou\u00adt",
    "Ｐｌｅａｓｅ ｏｐｔ ｍｅ ｏｕｔ",
    "Quiero darme de baja",
    "Por favor, denme de baja.",
    "No compartan mis datos",
    "Por favor no compartan más mis datos con mi plan de salud",
    "Buenos días:\nQuiero que dejen de compartir mis datos personales.\nMuchas gracias.\nJosé Núñez",
    "Dejen de compartir mi información médica",
    "Retiro mi consentimiento",
    "revoco mi autorización",
    "Revoco mi autorizacion para compartir mis datos con la aseguradora.",
    "Ya no quiero compartir mis datos",
    "No quiero que compartan mis datos con Optum",
    "No autorizo que compartan mis datos.",
    "Me opongo a compartir mis datos con mi plan de salud",
    "Me quiero dar de baja. Gracias, Ana",
    "baja",
    "Baja, por favor",
]

DOUBTFUL = [
    # Nothing is wished
    "",
    "See you on Thursday at ten.",
    "Maria Lopez",
    "my data",
    "I have a question about data sharing.",
    # Negation
    "do not opt me out",
    "Please don't opt me out",
    "Don’t unsubscribe me",
    "I don't want to opt out",
    "I do not want you to stop sharing my data",
    "I do not withdraw my consent",
    "I never said stop sharing",
    "Do not\nopt me out",
    "Do not stop sharing my data",
    "I want to opt out. No, I don't.",
    "no quiero darme de baja",
    "No me den de baja",
    "No dejen de compartir mis datos",
    "No retiro mi consentimiento",
    "No, compartan mis datos",
    # Questions
    "how do I opt out?",
    "Can I opt out?",
    "Opt out?",
    "unsubscribe?",
    "What happens when I opt out",
    "¿Cómo me doy de baja?",
    "¿Baja?",
    "quiero darme de baja?",
    # Conditions
    "If the price changes, opt me out",
    "Opt me out if it costs nothing.",
    "Stop sharing my data unless I need it",
    "When I leave my job, please opt me out",
    "Si cambia el precio, quiero darme de baja",
    # Reported and past
    "I opted out last year",
    "My wife said opt me out",
    "You wrote: Please opt me out",
    "I already withdrew my consent",
    '"unsubscribe"',
    "> Please opt me out",
    "Me di de baja el año pasado",
    # Somebody else
    "opt my husband out",
    "Please opt out my daughter",
    "Please stop sharing my wife's data",
    "We want to opt out",
    "Den de baja a mi esposo",
    # A part
    "Only opt me out of the surveys",
    "Stop sharing my session notes",
    "Stop sharing everything except my name",
    "Opt me out, but not yet",
    "Opt me out of just my scores",
    "Please opt me out\nOnly Therapy Sessions",
    "Stop sharing:\n- my sessions",
    "Solo dejen de compartir mis sesiones",
    "No compartan mis datos excepto el nombre",
    "Quiero darme de baja, pero todavía no",
    # Opt-in
    "Please opt me in",
    "I withdraw my opt-out",
    "Stop my opt-out",
    "Cancel: opt out. I want to opt in",
    "Quiero compartir mis datos",
    "Compartan mis datos",
    # Future and perhaps
    "I'm thinking about opting out",
    "I might opt out",
    "Opt me out next month",
    "I will opt out tomorrow",
    "Opt me out on 2027-01-01",
    "Opt me out, 2027-01-01",
    "Please opt me out\nNot Yet",
    "Please opt me out. Thanks, Not Yet",
    "Please opt me out, Maria",
    "Thanks, Maria",
    "Please opt me out\nJust Kidding",
    "My name is not important and I might opt out",
    "Quizás quiero darme de baja",
    # Something else than sharing
    "I want to opt out of my health plan",
    "unsubscribe me from the newsletter",
    "I want to stop therapy",
    "I want to stop",
    "to unsubscribe",
    "Please remove me",
    "I want to opt out of the programme",
    "See you on Thursday at ten.\n\nunsubscribe",
    "Thanks, but on second thought don't.\nPlease opt me out.",
    "Please opt me out.\nThanks, but on second thought don't.",
    # Too long
    "Please opt me out. " * 40,
    "Please opt me out\nM" + "a" * 3_000,
    "please\n" * 300 + "opt me out",
]


def mail(said: str, subject: str = "", **other: object) -> Mail:
    fields = {"automatic": None, "attachments": 0, "readable": True, **other}
    return Mail(message_id=None, sender="maria@example.com", subject=subject, text=said, said=said, authenticated=True, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", CLEAR)
def test_C4_a_plain_request_is_an_opt_out(said: str) -> None:
    assert wish_of(mail(said)) is Wish.OPT_OUT


@pytest.mark.parametrize("said", DOUBTFUL)
def test_C4_whatever_could_be_meant_otherwise_is_doubtful(said: str) -> None:
    assert wish_of(mail(said)) is Wish.DOUBTFUL


@pytest.mark.parametrize(
    "subject", ["Opt out", "unsubscribe", "Stop sharing", "Baja", "OPT-OUT REQUEST", "Please opt me out", "Retiro de consentimiento"]
)
def test_C4_an_empty_body_beneath_a_clear_subject_is_an_opt_out(subject: str) -> None:
    assert wish_of(mail("", subject)) is Wish.OPT_OUT
    assert wish_of(mail("Thank you\nMaria", subject)) is Wish.OPT_OUT


@pytest.mark.parametrize(
    "subject", ["Re: Opt out", "RE: opt out", "Fwd: Please opt me out", "FW: unsubscribe", "RV: Baja", "Re[2]: stop", "", "Privacy"]
)
def test_C4_the_subject_of_a_reply_or_a_forwarded_mail_is_not_the_senders_wish(subject: str) -> None:
    assert wish_of(mail("", subject)) is Wish.DOUBTFUL


def test_C4_beneath_any_subject_of_a_reply_the_body_is_the_wish() -> None:
    assert wish_of(mail("Please opt me out", "Re: How do I opt out?")) is Wish.OPT_OUT


@pytest.mark.parametrize(
    "subject", ["How do I opt out?", "Do not opt me out", "Newsletter", "Opt in", "For my husband", "My appointment on Thursday"]
)
def test_C4_a_subject_that_is_not_understood_makes_a_clear_body_doubtful(subject: str) -> None:
    assert wish_of(mail("Please opt me out", subject)) is Wish.DOUBTFUL


@pytest.mark.parametrize("subject", ["My data", "Data sharing request", "Privacy", "Hello", "Mis datos", "(no subject)"[1:-1]])
def test_C4_a_neutral_subject_leaves_the_body_clear(subject: str) -> None:
    assert wish_of(mail("Please opt me out", subject)) is Wish.OPT_OUT


@pytest.mark.parametrize("but", [{"readable": False}, {"attachments": 1}, *({"automatic": kind} for kind in Automatic)])
def test_C4_a_clear_request_that_is_unreadable_automatic_or_has_attachments_is_doubtful(but: dict[str, object]) -> None:
    assert wish_of(mail("Please opt me out")) is Wish.OPT_OUT
    assert wish_of(mail("Please opt me out", **but)) is Wish.DOUBTFUL


def optout_lines() -> list[str]:
    if not OPTOUT_LINES.exists():
        pytest.skip("the lines of the SpamAssassin corpus are not on this machine")
    with gzip.open(OPTOUT_LINES, "rt", encoding="utf-8", newline="") as file:
        return sorted({row["line"] for row in csv.DictReader(file)})


def wish_of_text(text: str) -> Wish:
    return wish_of(mail(own_words(text)))


def test_C4_no_footer_header_or_quote_of_the_corpus_makes_an_ordinary_mail_an_opt_out() -> None:
    ordinary = "See you on Thursday at ten."
    shapes = (
        "{0}\n\n{1}",
        "{0}\n{1}",
        "{1}\n\n{0}",
        "{1}\n{0}",
        "{0}\n-- \n{1}",
        "{0}\n> {1}",
        "> {1}\n\n{0}",
        "{0} {1}",
        "Hello,\n{0}\n\n{1}",
    )
    texts = [shape.format(ordinary, line) for line in optout_lines() for shape in shapes]
    assert [text for text in texts if wish_of_text(text) is Wish.OPT_OUT] == []


def test_C4_of_the_corpus_only_the_bare_word_unsubscribe_is_an_opt_out_by_itself() -> None:
    found = [line for line in optout_lines() if wish_of_text(line) is Wish.OPT_OUT]
    assert sorted({line.strip().lower() for line in found}) == ["unsubscribe"]


def test_C4_no_line_of_the_corpus_behind_a_signature_or_in_a_quote_undoes_or_makes_a_wish() -> None:
    for line in optout_lines():
        assert wish_of_text(f"Thank you\n-- \n{line}") is Wish.DOUBTFUL
        assert wish_of_text(f"> {line}") is Wish.DOUBTFUL
        assert wish_of_text(f"Please opt me out.\n-- \n{line}") is Wish.OPT_OUT


pieces = st.sampled_from(
    [
        *CLEAR,
        *DOUBTFUL,
        "On second thought 2 things:",
        "On 3 May 2026 at 10:10 Jim wrote:",
        "From: now on",
        "Sent: only notes",
        "To: be clear",
        "",
        "> a",
        "-- ",
    ]
)
quotes = st.lists(st.sampled_from(["unsubscribe", "Please opt me out", "ok", "", "> x", "From: a", "-- ", "wrote:"]), min_size=1).map(
    lambda lines: "\n".join(f"> {line}" for line in lines)
)
attributed = quotes.map(lambda quote: f"On Sun, 3 May 2026 at 10:10, Privacy Officer <privacy@care.example> wrote:\n\n{quote}")
forwarded = st.just("\nFrom: Jim <jim@example.com>\nSent: Monday\nTo: Maria\nSubject: opt out\n\nPlease opt me out")
footers = st.text(max_size=60).map(lambda footer: f"-- \n{footer}")


@given(
    st.lists(pieces, min_size=1, max_size=5).map("\n".join),
    st.lists(quotes | attributed | forwarded | footers, min_size=1, max_size=2).map("\n".join),
)
@example("Please opt me out\nOn second thought 2 things:", "On Sun, 3 May 2026 at 10:10, Jim wrote:\n> x")
@example("Please opt me out\nFrom: now on", "From: Jim\nSent: Monday\nTo: Maria\n\nx")
def test_C4_no_quoted_text_and_no_footer_makes_a_doubtful_mail_an_opt_out(text: str, appended: str) -> None:
    if wish_of_text(text) is Wish.DOUBTFUL:
        assert wish_of_text(f"{text}\n{appended}") is Wish.DOUBTFUL


@given(st.text(), st.text())
def test_C4_no_text_raises(said: str, subject: str) -> None:
    assert wish_of(mail(said, subject)) in Wish
