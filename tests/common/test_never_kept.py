"""C12 and C13: whose data and which numbers are never kept, by rule; where text enters is tests/common/test_where_text_enters.py."""

import json
import logging
import string
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from common.logs import JsonFormatter
from common.never_kept import MASK, MINIMUM_AGE, FreeText, StructuredText, age_on, check_age, find_ssns, mask_ssns
from common.problems import Problem

areas = st.integers(1, 899).filter(lambda area: area != 666).map("{:03}".format)
groups, serials = st.integers(1, 99).map("{:02}".format), st.integers(1, 9999).map("{:04}".format)
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212\uff0d"
SPACES = " \u00a0\u202f\u2009\u3000"
separators = st.sampled_from([*DASHES, *SPACES, "/", ".", " - ", " – ", "\u2044", "\uff0e"])
SCRIPTS = [string.digits, "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९"]
WIDTHLESS = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f"]
LABELS = ["SSN", "ssn: ", "SSN#: ", "SS# ", "S.S.N. ", "my_ssn=", '"ssn": ', "patientSSN=", "Soc. Sec. No. ", "social security number is: "]
LABELS += ["SOCIAL ", "socialSecurityNumber: ", "número de seguro social: ", "Ｓ.Ｓ.Ｎ. ", "SSN of my husband is "]
words = st.text(st.characters(exclude_categories=["Nd", "No", "Nl", "Cf", "Mn"], exclude_characters="+")).filter(
    lambda text: "ssn" not in text.lower() and "social" not in text.lower()
)


def numbers(
    area: st.SearchStrategy[str] = areas, group: st.SearchStrategy[str] = groups, serial: st.SearchStrategy[str] = serials
) -> st.SearchStrategy[str]:
    """Written with separators, the same or mixed; not as `120.50 2026`, which is an amount and a year."""
    parts = st.tuples(area, separators, group, separators, serial)
    return parts.filter(lambda p: not (p[1] in ".\uff0e" and p[3].isspace())).map("".join)


@given(words, numbers(), words)
def test_C13_every_number_in_every_form_is_found_in_whatever_text(before: str, ssn: str, after: str) -> None:
    assert find_ssns(before + ssn + after) == [(len(before), len(before) + len(ssn))]
    assert mask_ssns(before + ssn + after) == before + MASK + after


@given(numbers(), st.sampled_from(SCRIPTS))
def test_C13_digits_of_other_scripts_are_digits(ssn: str, script: str) -> None:
    assert mask_ssns(f"a {ssn.translate(str.maketrans(string.digits, script))} b") == f"a {MASK} b"


@given(numbers(), st.lists(st.tuples(st.integers(1, 8), st.sampled_from(WIDTHLESS)), max_size=12))
def test_C13_what_has_no_width_hides_no_number(ssn: str, hidden: list[tuple[int, str]]) -> None:
    for place, char in hidden:
        ssn = ssn[:place] + char + ssn[place:]
    assert mask_ssns(f"«{ssn}»") == f"«{MASK}»"


@given(st.sampled_from(LABELS), areas, groups, serials)
def test_C13_nine_digits_in_a_row_count_behind_a_key_word_only(label: str, area: str, group: str, serial: str) -> None:
    run = area + group + serial
    assert mask_ssns(f"{label}{run}.") == f"{label}{MASK}."
    assert mask_ssns(f"order {run}.") == f"order {run}."
    assert mask_ssns(f"{label}was asked for and was not given; account {run}") == f"{label}was asked for and was not given; account {run}"
    assert mask_ssns(f"lessness {run}") == f"lessness {run}"


def test_C13_a_key_word_reaches_24_characters_far() -> None:
    assert mask_ssns(f"SSN{'.' * 24}078051120") == f"SSN{'.' * 24}{MASK}"
    assert not find_ssns(f"SSN{'.' * 25}078051120")


@pytest.mark.parametrize(
    "text", ["7,078-05-1120,1985-05-17", "078-05-1120/219-09-9999", "1) 078-05-1120-01", "078-05-1120.", "A078-05-1120B"]
)
def test_C13_numbers_in_lists_and_with_suffixes_are_found(text: str) -> None:
    assert "078" not in mask_ssns(text)
    assert "219" not in mask_ssns(text)


never_areas = st.sampled_from(["000", "666"]) | st.integers(900, 999).map(str)


@given(numbers(never_areas) | numbers(group=st.just("00")) | numbers(serial=st.just("0000")), st.sampled_from(["", "SSN "]))
def test_C13_what_was_never_assigned_is_no_number(ssn: str, label: str) -> None:
    assert mask_ssns(label + ssn) == label + ssn


def digits(least: int, most: int | None = None) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=least, max_size=most or least)


def shape(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True, alphabet=string.printable)


others = {
    "telephone": shape(r"(\+?1[-. ]?)?(\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. /])[2-9][0-9]{2}[-. ][0-9]{4}( x[0-9]{1,4})?"),
    "telephone_abroad": shape(r"\+[2-9][0-9]{0,2}[- .][0-9]{3}[- .][0-9]{2}[- .][0-9]{4}"),
    "uuid": st.uuids().map(str),
    "hex": st.uuids().map(lambda uuid: uuid.hex),
    "npi": digits(10),
    "nine_digits": digits(9),
    "zip4": st.tuples(digits(5), digits(4)).map("-".join),
    "ein": st.tuples(digits(2), digits(7)).map("-".join),
    "moment": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "unix_time": st.floats(0, 4e9).map(str),
    "date": st.dates().map(date.isoformat) | st.dates().map(lambda day: f"{day:%m/%d/%Y}") | st.dates().map(lambda day: f"{day:%d.%m.%Y}"),
    "number_and_date": st.tuples(digits(3), digits(2), st.dates().map(date.isoformat)).map(" ".join),
    "amount_and_year": shape(r"[0-9]{3}\.[0-9]{2} [12][0-9]{3}"),
    "order": shape(r"[0-9]{3}-[0-9]{7}-[0-9]{7}|ORD-[0-9]{4}-[0-9]{6}|[A-Z]{2}[0-9]{3}-[0-9]{3}-[0-9]{4}"),
    "card": shape(r"[0-9]{4}([- ])[0-9]{4}\1[0-9]{4}\1[0-9]{4}"),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    "oid": shape(r"[0-2](\.[0-9]{1,5}){3}\.[0-9]{3}\.[0-9]{2}\.[0-9]{4}(\.[0-9]{1,5})?"),
    "isbn": shape(r"97[89]-[0-9]{3}-[0-9]{2}-[0-9]{4}-[0-9]"),
    "loinc": shape(r"[0-9]{1,5}-[0-9]|LA[0-9]{1,5}-[0-9]"),
    "longer": st.tuples(digits(4, 9), digits(2), digits(4)).map("-".join) | st.tuples(digits(3), digits(2), digits(5, 9)).map("-".join),
}


@pytest.mark.parametrize("kind", others)
@given(data=st.data())
def test_C13_no_false_alarm_on(kind: str, data: st.DataObject) -> None:
    text = data.draw(others[kind])
    assert mask_ssns(f"a {text}, b") == f"a {text}, b"


@given(st.text() | st.text(string.digits + "-./ +\u200b\u2013snoSNcial*", max_size=80))
def test_C13_any_text_is_masked_once_and_for_all_and_nothing_but_digits_goes(text: str) -> None:
    masked = mask_ssns(text)
    assert mask_ssns(masked) == masked
    assert not find_ssns(masked)
    assert masked == text or MASK in masked
    assert [char for char in masked if char.isalpha()] == [char for char in text if char.isalpha()]


def test_C13_a_mask_that_is_shorter_than_the_number_uncovers_no_other() -> None:
    text = "SSN 078 \u2013 05 \u2013 1120 and also 219099999"
    assert mask_ssns(text) == f"SSN {MASK} and also {MASK}"
    assert mask_ssns(mask_ssns(text)) == mask_ssns(text)


@given(numbers(), words)
def test_C13_structured_text_refuses_without_an_echo_and_free_text_masks(ssn: str, other: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(StructuredText).validate_python(f"R. Alvarez {ssn}")
    [error] = refused.value.errors(include_input=False)
    assert error["type"] == "ssn_refused"
    assert ssn not in str(error)
    assert TypeAdapter(FreeText).validate_python(f"I am {ssn}") == f"I am {MASK}"
    assert TypeAdapter(StructuredText).validate_python(other) == TypeAdapter(FreeText).validate_python(other) == other


def logged(message: str, **extra: object) -> str:
    record = logging.makeLogRecord({"msg": message, "name": "test", "levelname": "INFO", **extra})
    return JsonFormatter("consent").format(record)


@given(numbers())
def test_C13_a_log_line_is_masked_in_message_and_values(ssn: str) -> None:
    line = logged(f"it was {ssn}", reason=ssn, **{ssn: 1}, nested={"list": [{"deep": ssn}], ssn: (ssn,)}, other=ValueError(ssn))
    assert not find_ssns(json.dumps(json.loads(line), ensure_ascii=False))
    assert json.loads(line)["message"] == f"it was {MASK}"
    assert json.loads(line)["reason"] == json.loads(line)["other"] == json.loads(line)["nested"]["list"][0]["deep"] == MASK


def test_C13_a_log_line_keeps_what_is_none_and_masks_what_its_name_says() -> None:
    line = json.loads(logged("caught up", position=123456789, ssn=123456789, client_ssn="078051120", share=0.5, open=True, none=None))
    assert (line["position"], line["share"], line["open"], line["none"]) == (123456789, 0.5, True, None)
    assert (line["ssn"], line["client_ssn"]) == (MASK, MASK)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 120))
def test_C12_a_birthday_comes_on_its_day_and_of_a_leap_day_on_1_march(born: date, years: int) -> None:
    leap_day = (born.month, born.day) == (2, 29) and not _leap(born.year + years)
    birthday = date(born.year + years, 3, 1) if leap_day else born.replace(year=born.year + years)
    assert age_on(born, birthday) == years
    assert age_on(born, birthday - timedelta(days=1)) == years - 1


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_C12_a_client_is_refused_on_the_day_before_the_13th_birthday_and_accepted_on_it(born: date) -> None:
    assume((born.month, born.day) != (2, 29))
    birthday = born.replace(year=born.year + MINIMUM_AGE)
    check_age(born, birthday)
    with pytest.raises(Problem) as refused:
        check_age(born, birthday - timedelta(days=1))
    assert (refused.value.code, refused.value.extra["field"], refused.value.extra["rule"]) == ("under_age", "birth_date", "C12")


@pytest.mark.parametrize("born", [date(2026, 11, 23), date(2300, 1, 1), date(1895, 11, 22), date(1, 1, 1)])
def test_C12_a_birth_date_that_cannot_be_is_refused(born: date) -> None:
    with pytest.raises(Problem) as refused:
        check_age(born, date(2026, 11, 22))
    assert (refused.value.code, refused.value.extra["field"]) == ("invalid_request", "birth_date")
    check_age(date(1896, 11, 22), date(2026, 11, 22))
