"""T11: what reports say beside their numbers. Pages, charts, CSV, JSON, PDF text, metadata, headers and lengths are looked through by code
that knows nothing of the reports' own: the catalogue is read as bare JSON, the cells by bare SQL.
"""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import asyncpg
import httpx
import pytest
from pypdf import PdfReader

import reporting.measures
from deploy.local.infrastructure import Infrastructure
from reporting.reports.usecases import NETWORK, SMALLER, of_employer, of_plan
from tests.reporting.reports.published import Row, Told, database_of, insert, release, rows_of
from tests.reporting.reports.served import Served, served

PLAN, EMPLOYER, SMALL = (UUID(f"0f0e0d0c-0000-4000-8000-00000000001{n}") for n in range(3))
PERIODS = ("2024", "2025", "2025-Q1")
TOLD = [
    *(Told(of_plan(PLAN, None), 60), Told(NETWORK, 400), Told(SMALLER, 22)),
    Told(of_employer(EMPLOYER), 9),
]
WHO: Mapping[str, tuple[str, UUID, str]] = {
    "plan": ("plan", PLAN, f"/v1/plans/{PLAN}/reports"),
    "employer": ("employer", EMPLOYER, f"/v1/employers/{EMPLOYER}/reports"),
    "small": ("employer", SMALL, f"/v1/employers/{SMALL}/reports"),
}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
CHANGING = (b"date", b"traceparent")
HIDDEN = 777_777
"""Counts that are in no report; no other number has these digits."""


@dataclass
class Worlds:
    """`rows`: withheld cells are rows without a number. `gaps`: nobody knows of them, and others were counted. `nothing`: all withheld."""

    rows: Served
    gaps: Served
    nothing: Served
    tokens: Mapping[str, str]
    database: str

    async def get(self, world: Served, who: str, path: str) -> httpx.Response:
        return await world.http.get(f"{WHO[who][2]}{path}", headers={"authorization": f"Bearer {self.tokens[who]}"})

    async def look(self, world: Served, who: str, path: str) -> httpx.Response:
        return await world.http.get(f"/reports{path}", headers={"cookie": f"session={self.tokens[who]}"})

    async def json(self, who: str, period: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(self.rows, who, f"/{period}")).json()
        return found


@pytest.fixture(scope="module")
async def worlds(infrastructure: Infrastructure, worker: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Worlds]:
    every = [row for told in TOLD for period in PERIODS for row in rows_of(told, period)]
    assert sum(row[6] is None for row in every) > 100
    rows = await world(infrastructure, f"{worker}t11_rows", every)
    gaps = await world(infrastructure, f"{worker}t11_gaps", without_marks(every))
    nothing = await world(infrastructure, f"{worker}t11_nothing", [(*row[:6], None, None) for row in every])
    await hide(gaps, every)
    folder: Path = tmp_path_factory.mktemp("t11")
    async with AsyncExitStack() as open_worlds:
        made = [await open_worlds.enter_async_context(served(url, folder)) for url in (rows, gaps, nothing)]
        tokens = {who: made[0].issuer.mint(role, subject) for who, (role, subject, _) in WHO.items()}
        yield Worlds(*made, tokens, rows)


async def world(infrastructure: Infrastructure, name: str, rows: Sequence[Row]) -> str:
    url = await database_of(infrastructure, name)
    connection = await asyncpg.connect(url)
    await insert(connection, rows)
    await release(connection, ["2024-12", "2025-03", "2025-12"])
    await connection.close()
    return url


def without_marks(rows: Sequence[Row]) -> Sequence[Row]:
    """One row of each period stays, so that there is a report."""
    return [row for row in rows if row[6] is not None or (row[4], row[5]) == ("", "")]


async def hide(url: str, rows: Sequence[Row]) -> None:
    """What is withheld, with its reasons; and counts behind it that the other world does not have."""
    connection = await asyncpg.connect(url)
    withheld = [(*row[:6], "small") for row in rows if row[6] is None]
    await connection.copy_records_to_table("withheld_cell", records=withheld)
    counted = (
        "insert into rollup (family, dimension, month, plan_id, employer_id, programme, kind, a, b, n) "
        "values ($1, $2, $3, $4, $5, 'care_connect', 'reached', 1, 1, $6)"
    )
    for month in ("2024-02", "2025-01", "2025-08"):
        await connection.execute(counted, "care_sought", "time_to_schedule", month, PLAN, EMPLOYER, HIDDEN)
    await connection.close()


PATHS = ["/2024", "/2025-Q1", *(f"/2025{form}" for form in ("", "?format=csv", "?format=pdf", "/explanation?measure=recovery"))]
PAGES = ["", "/all/2024", "/all/2025-Q1?lang=es", *(f"/all/2025{rest}" for rest in ("?lang=en", "?lang=es", "/csv"))]


@pytest.mark.parametrize("who", WHO)
async def test_T11_D13_withheld_and_nothing_counted_are_the_same_bytes_lengths_headers_and_status(worlds: Worlds, who: str) -> None:
    seen = 0
    for path in ["", *PATHS, "/2023", "/2025-Q2"]:
        seen += same(await worlds.get(worlds.rows, who, path), await worlds.get(worlds.gaps, who, path))
    for path in [*PAGES, "/all/2023", "/all/2025-Q2"]:
        seen += same(await worlds.look(worlds.rows, who, path), await worlds.look(worlds.gaps, who, path))
    assert seen >= 12


def same(one: httpx.Response, other: httpx.Response) -> bool:
    assert one.status_code == other.status_code, one.url
    assert one.content == other.content, one.url
    headers = [[header for header in answer.headers.raw if header[0] not in CHANGING] for answer in (one, other)]
    assert headers[0] == headers[1], one.url
    assert "etag" not in one.headers and "last-modified" not in one.headers
    return one.status_code == 200


async def test_T11_nobody_and_a_stranger_are_answered_alike(worlds: Worlds) -> None:
    stranger = worlds.rows.issuer.mint("employer", uuid4())
    answers = []
    for world, token in ((worlds.rows, worlds.tokens["small"]), (worlds.rows, stranger), (worlds.gaps, stranger)):
        answers.append(await world.http.get("/reports/all/2025/csv", headers={"cookie": f"session={token}"}))
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("period", PERIODS)
async def test_T11_every_number_follows_from_released_cells(worlds: Worlds, who: str, period: str) -> None:
    report = await worlds.json(who, period)
    cells = await released(worlds.database, who, period)
    checked = 0
    for family in report["families"]:
        catalogue = bare_catalogue(family["code"])
        for measured in family["measures"]:
            measure = next(one for one in catalogue["measures"] if one["code"] == measured["code"])
            counts = {group: n for (code, breakdown, group), n in cells.items() if code == family["code"]
                      and breakdown in ("", measure.get("breakdown", ""))}  # fmt: skip
            checked += follows(measured, measure, counts)
    assert checked > 10


def follows(measured: dict[str, Any], measure: dict[str, Any], counts: Mapping[str, tuple[int, int | None]]) -> int:
    """Numerators and denominators are sums of released cells, shares theirs; a part is a released cell or the mark."""
    value, checked, allowed = measured["value"], 0, sums(tuple(sorted(n for n, _ in counts.values())))
    for name in ("n", "of"):
        if value[name] is not None:
            assert value[name] in allowed, (measure["code"], name, value[name])
            checked += 1
    if measure["statistic"] == "share" and value["value"] is not None:
        assert value["value"] == pytest.approx(100 * value["n"] / value["of"], abs=0.0501)
        assert value["n"] >= 11 and value["of"] - value["n"] >= 11
    if measure["statistic"] == "net_promoter" and value["value"] is not None:
        n, total = counts["answered"]
        assert total is not None and value["value"] == pytest.approx(100 * total / n, abs=0.0501)
    for part in value["parts"]:
        assert part["n"] == (counts[part["group"]][0] if part["group"] in counts else None), part
        assert part["share"] is None or part["n"] is not None
        checked += part["n"] is not None
    return checked


@cache
def sums(known: tuple[int, ...]) -> frozenset[int]:
    """Of released cells of one breakdown: up to three of them, or one less some of its parts."""
    found = {0}
    for _ in range(3):
        found |= {a + n for a in found for n in known}
    return frozenset(found | {n - less for n in known for less in found if less < n})


async def released(url: str, who: str, period: str) -> Mapping[tuple[str, str, str], tuple[int, int | None]]:
    scope = {"plan": "plan", "employer": "employer", "small": "smaller_employers"}[who]
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "select family, breakdown, cell_group, n, total from published_cell where scope = $1 and period = $2 and n is not null",
        scope,
        period,
    )
    await connection.close()
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


def bare_catalogue(family: str) -> dict[str, Any]:
    folder = Path(reporting.measures.__file__ or "").parent / "published"
    found: dict[str, Any] = json.loads(max(folder.glob(f"{family}.v*.json")).read_text())
    return found


@pytest.mark.parametrize("who", WHO)
async def test_T11_pages_csv_and_pdf_hold_no_number_that_the_json_does_not(worlds: Worlds, who: str) -> None:
    """Beside those that stand in every report, also in one that shows nothing."""
    for period in PERIODS:
        said = spoken(await worlds.json(who, period))
        for path in (f"/all/{period}", f"/all/{period}/csv", *([f"/all/{period}/pdf"] if period == "2025" else [])):
            shown, empty = text_of(await worlds.look(worlds.rows, who, path)), text_of(await worlds.look(worlds.nothing, who, path))
            extra = numbers(shown) - numbers(empty) - said
            assert not extra, (path, sorted(extra))
            assert len(numbers(shown) & said) > 5
            assert str(HIDDEN) not in shown


def spoken(report: Any) -> set[str]:
    """Every number of the document, in the forms in which it may be written."""
    if isinstance(report, dict):
        return set().union(*(spoken(value) for value in report.values()))
    if isinstance(report, list):
        return set().union(*map(spoken, report))
    if isinstance(report, str):
        return numbers(report)
    if report is None or isinstance(report, bool):
        return set()
    return numbers(f"{abs(report)} {abs(report):,.1f} {abs(report):g} {abs(round(report)):,} {abs(report):,.1f}".replace(".0 ", " "))


def numbers(text: str) -> set[str]:
    return {found.rstrip(",").replace(",", "") for found in NUMBER.findall(text)}


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    kind = answer.headers["content-type"]
    if kind.startswith("application/pdf"):
        pdf = PdfReader(io.BytesIO(answer.content))
        return " ".join([*(page.extract_text() for page in pdf.pages), *map(str, (pdf.metadata or {}).values())])
    if kind.startswith("text/csv"):
        return " ".join(cell for row in csv.reader(io.StringIO(answer.text, newline="")) for cell in row)
    without = re.sub(r"(?s)<style>.*?</style>", "", answer.text)
    return re.sub(r"(?s)<[^>]*>", " ", without)


@pytest.mark.parametrize("who", WHO)
async def test_T11_D13_no_axis_is_fitted_and_every_mark_stands_for_a_number_of_the_report(worlds: Worlds, who: str) -> None:
    marks = 0
    for period in PERIODS:
        said = {float(number) for number in spoken(await worlds.json(who, period))}
        shown, empty = [charts(await worlds.look(world, who, f"/all/{period}")) for world in (worlds.rows, worlds.nothing)]
        assert shown.keys() == empty.keys() and len(shown) > 8
        for name, chart in shown.items():
            assert ticks(chart) == ticks(empty[name]), name
            assert not drawn(empty[name]), "where nothing is shown nothing is drawn"
            for share in widths(chart):
                assert any(abs(share - number) < 0.02 for number in said), (name, share)
                marks += 1
            for across in heights(chart):
                assert 0 <= across <= 100
    assert marks > 20


def charts(answer: httpx.Response) -> Mapping[str, ElementTree.Element]:
    found = re.findall(r'(?s)<svg class="chart.*?\n</svg>\n', answer.text)
    return {(one := ElementTree.fromstring(svg.replace("&nbsp;", " "))).get("aria-labelledby", ""): one for svg in found}


def ticks(chart: ElementTree.Element) -> list[tuple[str | None, ...]]:
    """Where the axis says what, and its lines; not how far down the last of them goes, which is the number of released groups."""
    labels = [("label", mark.text, mark.get("x")) for mark in chart.iter("text") if "tick-mark" in mark.get("class", "")]
    upright = [("line", line.get("x1")) for line in chart.iter("line") if line.get("class") == "grid" and line.get("x1") == line.get("x2")]
    return [*labels, *upright]


def drawn(chart: ElementTree.Element) -> list[ElementTree.Element]:
    kinds = ("bar", "complete", "norm-mark", "whisker", "course", "norm-line")
    return [mark for mark in chart.iter() if mark.tag in ("rect", "circle", "line") and mark.get("class", "").split(" ")[0] in kinds]


def widths(chart: ElementTree.Element) -> list[float]:
    """Of bars, back to per cent."""
    return [float(bar.get("width", "")[:-1]) / 0.6 for bar in chart.iter("rect") if bar.get("class", "").startswith("bar ")]


def heights(chart: ElementTree.Element) -> list[float]:
    """Of marks across a comparison: within the axis."""
    return [float(mark.get("cx", "")[:-1]) for mark in chart.iter("circle") if mark.get("cx", "").endswith("%")]


async def test_T11_a_withheld_number_that_is_drawn_or_written_would_be_seen(worlds: Worlds) -> None:
    """The looking itself: a number put where none was is found by each of the channels."""
    report = await worlds.json("employer", "2025")
    page = await worlds.look(worlds.rows, "employer", "/all/2025")
    assert numbers(text_of(page).replace("At a glance", "At a glance 3.14159")) - spoken(report) >= {"3.14159"}
    share = next(m for f in report["families"] for m in f["measures"] if m["statistic"] == "share" and m["value"]["value"] is not None)
    counts: Mapping[str, tuple[int, int | None]] = {"": (100, None), "within": (40, None)}
    forged = {**share, "value": {**share["value"], "n": 7, "of": 100}}
    with pytest.raises(AssertionError):
        follows(forged, {"code": "x", "statistic": "count"}, counts)
