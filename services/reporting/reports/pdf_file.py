"""A report as a tagged PDF (PDF/UA-1). The same report makes the same bytes. Pure, and takes some tens of milliseconds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from reporting.measures.values import Part, Value
from reporting.reports.csv_file import parts_of
from reporting.reports.documents import Measured, Report
from reporting.reports.wording import WITHHELD, about, figure, interval, period_name

TEMPLATE = (Path(__file__).parent / "templates" / "report.typ").read_bytes()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def pdf_of(report: Report) -> bytes:
    """What is said goes in as data, never as markup."""
    import typst  # large: a service that nobody asks for a PDF starts without it

    return typst.compile(
        TEMPLATE,
        format="pdf",
        sys_inputs={"report": json.dumps(_shown(report))},
        pdf_standards=["ua-1"],
        timestamp=_made_at(report),
        ignore_system_fonts=True,
    )


def _made_at(report: Report) -> datetime:
    """When the last of it was released, for whoever opens it and whenever."""
    return max((family.released_at.astimezone(UTC) for family in report.families if family.released_at), default=EPOCH)


def _shown(report: Report) -> dict[str, object]:
    followed = {course.measure: course for course in report.courses}
    return {
        "title": f"Care Connect: report for {period_name(report.period)}",
        "about": about(report),
        "families": [
            {
                **family.model_dump(include={"title", "definition", "cohort"}),
                "rows": [_row(measure) for measure in family.measures if not measure.value.parts],
                "tables": [_table(measure) for measure in family.measures if measure.value.parts],
                "courses": [
                    {"title": one.title, "points": [_point(p.period, p.value, p.norm) for p in followed[one.code].points]}
                    for one in family.measures
                    if one.code in followed
                ],
                "definitions": [one.model_dump(include={"title", "definition", "denominator"}) for one in family.measures],
            }
            for family in report.families
        ],
    }


def _row(measure: Measured) -> list[str]:
    return [measure.title, *_said(measure, measure.value), figure(measure.norm, measure.unit) if measure.norm else "–"]


def _said(measure: Measured, value: Value) -> list[str]:
    return [figure(value, measure.unit), interval(value), _people(value)]


def _people(value: Value) -> str:
    return "–" if value.of is None else f"{value.of:,}"


def _point(period: str, value: Value, norm: Value | None) -> list[str]:
    return [period_name(period), figure(value, ""), interval(value), figure(norm, "") if norm else "–"]


def _table(measure: Measured) -> dict[str, object]:
    return {"title": measure.title, "rows": list(_part_rows(measure))}


def _part_rows(measure: Measured) -> Iterator[dict[str, object]]:
    for part, beside in parts_of(measure):
        share = part.share or 0
        yield {"cells": [part.title, _count(part), _share(part), _share(beside)], "share": share, "deep": part.group.count("/")}


def _count(part: Part) -> str:
    return WITHHELD if part.n is None else f"{part.n:,}"


def _share(part: Part | None) -> str:
    return "–" if part is None or part.share is None else f"{part.share:g} %"
