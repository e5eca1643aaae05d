"""What is never kept: data of a child under 13 (C12), Social Security numbers (C13). Pure; every service uses this and nothing else.

An SSN has an area 001-665 or 667-899, a group 01-99 and a serial 0001-9999: Social Security Administration, POMS RM 10201.035,
Invalid Social Security Numbers, https://secure.ssa.gov/apps10/poms.nsf/lnx/0110201035
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from common.problems import Problem

MINIMUM_AGE = 13
"""Years. C12; Children's Online Privacy Protection Rule, 16 CFR 312.2."""
OLDEST = 130
"""Years. Whoever is said to be older was mistyped: the longest life on record is 122 years."""

MASK = "***-**-****"
_GAP = 24
"""Characters between a key word and the nine digits that it labels: `Social Security number is: `."""
_LABEL = re.compile(r"(?-i:SSN)|(?<![^\W_])(?:s\.?s\.?n|ss ?#|soc\.? ?sec|social)", re.IGNORECASE)
_LONGEST_LABEL = 8
_SEPARATOR = r"( ?[-/] ?|\.| {1,2})"
_SSN = re.compile(
    r"(?<![0-9+])(?<![0-9]\.)"  # longer numbers, decimals, OIDs, +country code
    r"(?<!\+[0-9][-./ ])(?<!\+[0-9]{2}[-./ ])(?<!\+[0-9]{3}[-./ ])"  # +country code, then the rest of a telephone number
    r"(?<!97[89][- ])"  # ISBN 978-600-12-3456-7
    rf"(?!000|666|9)[0-9]{{3}}{_SEPARATOR}?(?!00)[0-9]{{2}}{_SEPARATOR}?(?!0000)[0-9]{{4}}"
    r"(?![0-9])(?!\.[0-9])(?!(?<= [0-9]{4})[-/][0-9]{2}[-/][0-9]{1,2}(?![0-9]))"  # 120 50 2026-11-22 ends in a date
)
_SEEN_AS = dict.fromkeys("\u2212\u2043", "-") | dict.fromkeys("\u2044\u2215", "/") | dict.fromkeys("·•∙‧。", ".")
_UNSEEN = {"\u034f", *map(chr, range(0xFE00, 0xFE10))}
"""Combining grapheme joiner and variation selectors: no width, and not of the category Cf."""


def age_on(birth_date: date, day: date) -> int:
    """Whole years. Who was born on a leap day comes of age on 1 March of other years."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def check_age(birth_date: date, today: date) -> None:
    """Raises Problem under 13 (C12), and for a day on which nobody alive was born."""
    if birth_date > today or age_on(birth_date, today) > OLDEST:
        raise Problem("invalid_request", f"A birth date is a day of the last {OLDEST} years.", field="birth_date", rule="C12")
    if age_on(birth_date, today) < MINIMUM_AGE:
        raise Problem("under_age", f"Clients are {MINIMUM_AGE} or older. Nothing was kept.", field="birth_date", rule="C12")


def find_ssns(text: str) -> list[tuple[int, int]]:
    """Where they stand, each from its first digit to behind its last one. Nine digits in a row count only behind a key word."""
    if text.isascii():
        return list(_spans(text))
    seen = [_seen_as(char) for char in text]
    places = [place for place, char in enumerate(seen) if char]
    return [(places[start], places[end - 1] + 1) for start, end in _spans("".join(seen))]


def mask_ssns(text: str) -> str:
    """Repeated, because a mask can be shorter than what it stands for and so bring a key word nearer to the next number."""
    while found := find_ssns(text):
        ends = [0, *(end for _, end in found)]
        starts = [*(start for start, _ in found), len(text)]
        text = MASK.join(text[end:start] for end, start in zip(ends, starts, strict=True))
    return text


def _spans(seen: str) -> Iterator[tuple[int, int]]:
    for match in _SSN.finditer(seen):
        separators = match.groups()
        if _labelled(seen, match.start()) if separators[1] is None else _reads_as_one_number(*separators):
            yield match.span()


def _reads_as_one_number(first: str | None, second: str) -> bool:
    """12345-6789 is a ZIP code, 120.50 2026 an amount and a year."""
    return first is not None and not (first == "." and second.isspace())


def _labelled(seen: str, start: int) -> bool:
    labels = _LABEL.finditer(seen, max(0, start - _GAP - _LONGEST_LABEL), start)
    return any(start - label.end() <= _GAP for label in labels)


@lru_cache(maxsize=4096)
def _seen_as(char: str) -> str:
    """The ASCII character that a reader sees: digits of every script, dashes, spaces; nothing for what has no width."""
    category = unicodedata.category(char)
    if category == "Cf" or char in _UNSEEN:
        return ""
    if category in ("Pd", "Zs"):
        return "-" if category == "Pd" else " "
    plain = unicodedata.normalize("NFKC", char)
    plain = plain if len(plain) == 1 else char
    digit = unicodedata.decimal(plain, None)
    return _SEEN_AS.get(plain, plain) if digit is None else str(digit)


def _refuse(text: str) -> str:
    if find_ssns(text):
        raise PydanticCustomError("ssn_refused", "Social Security numbers are neither needed nor kept: leave it out.")
    return text


StructuredText = Annotated[str, AfterValidator(_refuse)]
"""Names, and ids that callers give: with an SSN in it the request is refused."""
FreeText = Annotated[str, AfterValidator(mask_ssns)]
"""What people write: an SSN in it is masked before anything else sees it."""
