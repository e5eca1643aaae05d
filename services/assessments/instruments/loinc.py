"""LOINC codes: digits, a hyphen, and a check digit by which a miswritten code is found."""

import re

_CODE = re.compile(r"[1-9][0-9]{0,6}-[0-9]")


def looks_like_loinc(code: str) -> bool:
    return _CODE.fullmatch(code) is not None


def checked(code: str) -> str:
    """Raises ValueError for what is not a LOINC code."""
    if not looks_like_loinc(code):
        raise ValueError(f"{code!r} does not have the form of a LOINC code")
    if not has_check_digit(code):
        raise ValueError(f"{code} is no LOINC code: its check digit is wrong")
    return code


def has_check_digit(code: str) -> bool:
    """Modulus 10 (loinc.org/kb/faq/structure), counted as Luhn's: every other digit doubled, from the last one before the hyphen."""
    number, digit = code.split("-")
    places = [int(figure) * (2 if place % 2 == 0 else 1) for place, figure in enumerate(reversed(number))]
    return (sum(sum(divmod(place, 10)) for place in places) + int(digit)) % 10 == 0
