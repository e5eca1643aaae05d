"""Whether a mail is plainly its sender's own opt-out (C4). Pure. What it understands stands in `phrases`.

Every sentence must be understood; one that is not makes the mail doubtful, for it may take back what the others say.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

from consent.mail.phrases import BARE_REQUESTS, COURTESIES, INTRODUCTIONS, LEADS, NEVER_A_NAME, PARTS, REQUESTS, SIGN_OFFS, SUBJECTS
from consent.mail.reading import Mail

MAX_WORDS = 120
MAX_CHARACTERS = 2_000
MAX_WRAPPED_LINES = 4
MAX_JOINTS = 4
MAX_NAME_LINES = 2


class Wish(StrEnum):
    OPT_OUT = "opt_out"
    DOUBTFUL = "doubtful"


def wish_of(mail: Mail) -> Wish:
    if not mail.readable or mail.automatic or mail.attachments:
        return Wish.DOUBTFUL
    subject = "" if _REPLY.match(mail.subject) else mail.subject
    if len(f"{subject} {mail.said}") > MAX_CHARACTERS or len(f"{subject} {mail.said}".split()) > MAX_WORDS:
        return Wish.DOUBTFUL
    of_subject = _requests_in_sentences(subject, subject=True)
    of_body = _requests_in_lines(mail.said)
    if of_subject is None or of_body is None:
        return Wish.DOUBTFUL
    return Wish.OPT_OUT if of_subject + of_body else Wish.DOUBTFUL


_PART = re.compile(r"\{([a-z_]+)\}")


def _pattern(*phrases: str) -> str:
    joined = "|".join(phrases)
    while _PART.search(joined):
        joined = _PART.sub(lambda found: f"({PARTS[found[1]]})", joined)
    return f"({joined})".replace("(", "(?:")


_REPLY = re.compile(r"\s*(?:re|fwd?|rv|aw|wg|tr|res|enc|sv|i)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_NOW = _pattern(PARTS["now"])
_REQUEST = re.compile(rf"(?:{_pattern(*LEADS)} ){{0,4}}{_pattern(*REQUESTS)}{_NOW}(?: please| por favor| thank you| thanks| gracias)?")
_BARE_REQUEST = re.compile(rf"(?:(?:please|por favor) )?{_pattern(*BARE_REQUESTS)}(?: now| please| por favor| thank you| thanks| gracias)?")
_COURTESY = re.compile(_pattern(*COURTESIES))
_SIGN_OFF = re.compile(_pattern(*SIGN_OFFS))
_SUBJECT = re.compile(_pattern(*SUBJECTS))
_INTRODUCTION = re.compile(rf"{_pattern(*INTRODUCTIONS)} (?P<name>.+)")
_SENTENCE_END = re.compile(r"[.!,;…]+(?:\s+|$)|(?:^|\s)[-–—]+(?:\s+|$)")
_JOINED = re.compile(r" (?:and|y) ")
_NAME = re.compile(r"[^\W\d_][\w'’.-]*(?: [^\W\d_][\w'’.-]*){0,3}")
_NO_NAMES = frozenset(" ".join(NEVER_A_NAME).split())


def _requests_in_lines(text: str) -> int | None:
    """How many requests there are, None where anything is not understood. A sentence may run over several lines."""
    lines = [line.strip() for line in text.strip().split("\n")]
    names_from = _names_from(lines)
    lines[-1] = _without_name(lines[-1])
    found: dict[int, int | None] = {len(lines): 0}
    for at in reversed(range(len(lines))):
        readings = (_plus(_requests_in_chunk(lines[at:end], at >= names_from), found[end]) for end in _ends(lines, at))
        found[at] = next((reading for reading in readings if reading is not None), None)
    return found[0]


def _ends(lines: Sequence[str], at: int) -> Iterator[int]:
    for end in range(at + 1, min(at + MAX_WRAPPED_LINES, len(lines)) + 1):
        yield end
        if not lines[end - 1]:
            return


def _names_from(lines: Sequence[str]) -> int:
    """The last lines may be the sender's name, but never the first."""
    written = [at for at, line in enumerate(lines) if line][1:]
    return min(written[-MAX_NAME_LINES:], default=len(lines))


def _without_name(line: str) -> str:
    """ "Thank you, Maria" without the name."""
    before, _, name = line.rpartition(",")
    signed = _SIGN_OFF.fullmatch(_SENTENCE_END.split(_normalised(before))[-1])
    return before if signed and _is_name(name) else line


def _requests_in_chunk(lines: Sequence[str], may_be_name: bool) -> int | None:
    if may_be_name and len(lines) == 1 and _is_name(lines[0]):
        return 0
    return _requests_in_sentences(" ".join(lines))


def _requests_in_sentences(text: str, subject: bool = False) -> int | None:
    total: int | None = 0
    for sentence in _SENTENCE_END.split(_normalised(text)):
        total = _plus(total, _requests_in(sentence.strip(), subject))
    return total


def _requests_in(sentence: str, subject: bool) -> int | None:
    if _REQUEST.fullmatch(sentence) or _BARE_REQUEST.fullmatch(sentence):
        return 1
    if not sentence or _COURTESY.fullmatch(sentence) or (subject and _SUBJECT.fullmatch(sentence)):
        return 0
    if (introduced := _INTRODUCTION.fullmatch(sentence)) and _is_name(introduced["name"].title()):
        return 0
    joints = list(_JOINED.finditer(sentence))
    for joint in joints if len(joints) <= MAX_JOINTS else ():
        before, after = _requests_in(sentence[: joint.start()], subject), _requests_in(sentence[joint.end() :], subject)
        if before is not None and after is not None:
            return before + after
    return None


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _is_name(line: str) -> bool:
    words = line.strip(" ,.-–—").split()
    capitals = all(word[0].isupper() or word in ("de", "la", "del", "y", "van", "von") for word in words)
    return bool(_NAME.fullmatch(" ".join(words))) and capitals and _NO_NAMES.isdisjoint(re.split(r"[ .-]+", _normalised(line)))


def _normalised(text: str) -> str:
    """Lower case; no accents, apostrophes or invisible characters; hyphens and colons as spaces."""
    compatible = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    seen = "".join(char for char in compatible if unicodedata.category(char) not in ("Mn", "Cf") and char not in "'’‘`´")
    return " ".join(re.sub(r"(?<=\w)[-‐‑](?=\w)|:(?=\s|$)", " ", seen).split())
