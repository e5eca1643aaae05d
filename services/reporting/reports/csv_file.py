"""A report as CSV (RFC 4180): one row a number, the same columns and rows whatever is withheld. Pure."""

import csv
from collections.abc import Iterator
from io import StringIO

from reporting.measures.values import Part, Value
from reporting.reports.documents import Measured, Report

COLUMNS = (
    *("family", "measure", "version", "title", "period", "group", "group_title", "unit"),
    *("shown", "value", "low", "high", "n", "of", "words"),
    *("norm_shown", "norm_value", "norm_low", "norm_high", "norm_words"),
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(report: Report) -> str:
    written = StringIO()
    rows = csv.writer(written, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows([harmless(cell) for cell in row] for row in _rows(report))
    return written.getvalue()


def harmless(cell: object) -> object:
    """A spreadsheet would run a text that begins like a formula. A number is none."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    followed = {course.measure: course.points for course in report.courses}
    for family in report.families:
        for measure in family.measures:
            about = (family.code, measure.code, measure.version, measure.title)
            yield *about, report.period, "", "", measure.unit, *_cells(measure.value), *_norm(measure.norm)
            for point in followed.get(measure.code, ()):
                if point.period != report.period:
                    yield *about, point.period, "", "", measure.unit, *_cells(point.value), *_norm(point.norm)
            for part, beside in parts_of(measure):
                yield *about, report.period, part.group, part.title, "%", *_part(part), *_part_norm(beside)


def parts_of(measure: Measured) -> Iterator[tuple[Part, Part | None]]:
    """Each part, and the norm's part of the same group where that was published."""
    norm = {part.group: part for part in measure.norm.parts} if measure.norm else {}
    for part in measure.value.parts:
        yield part, norm.get(part.group)


def _cells(value: Value) -> tuple[object, ...]:
    return value.shown, value.value, value.low, value.high, value.n, value.of, value.words


def _norm(value: Value | None) -> tuple[object, ...]:
    return ("", None, None, None, "") if value is None else (value.shown, value.value, value.low, value.high, value.words)


def _part(part: Part) -> tuple[object, ...]:
    return "withheld" if part.n is None else "shown", part.share, None, None, part.n, None, ""


def _part_norm(part: Part | None) -> tuple[object, ...]:
    return ("", None, None, None, "") if part is None else ("withheld" if part.n is None else "shown", part.share, None, None, "")
