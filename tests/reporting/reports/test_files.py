"""CSV, JSON and PDF of a report: the same numbers, harmless in a spreadsheet, read out by a screen reader, the same bytes every time."""

import csv
import io
from typing import Any

import pytest
from pypdf import PdfReader

from reporting.reports.csv_file import COLUMNS, harmless
from tests.pages_reporting.showing import EMPLOYER, PLAN
from tests.reporting.reports.served import Served

HERE = f"/v1/employers/{EMPLOYER}/reports/2025"


async def test_the_csv_holds_what_the_json_holds(site: Served) -> None:
    report = (await site.get("employer", EMPLOYER, HERE)).json()
    answer = await site.get("employer", EMPLOYER, f"{HERE}?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.endswith("\r\n") and "\n" not in answer.text.replace("\r\n", "")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert tuple(rows[0]) == COLUMNS
    for measure in (measure for family in report["families"] for measure in family["measures"]):
        row = next(row for row in rows if row["measure"] == measure["code"] and row["period"] == "2025" and not row["group"])
        for name in ("value", "low", "high", "n", "of"):
            assert row[name] == ("" if measure["value"][name] is None else str(measure["value"][name])), (measure["code"], name)
        parts = [row for row in rows if row["measure"] == measure["code"] and row["group"]]
        assert [row["group"] for row in parts] == [part["group"] for part in measure["value"]["parts"]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(text: str) -> None:
    assert str(harmless(text)).startswith("'")
    assert (harmless(-12.5), harmless("later"), harmless(None)) == (-12.5, "later", None)


async def test_the_pdf_is_tagged_and_says_what_the_report_says(site: Served) -> None:
    answer = await site.get("employer", EMPLOYER, f"{HERE}?format=pdf")
    pdf = PdfReader(io.BytesIO(answer.content))
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True and root["/Lang"] == "en-US"
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    kinds = [kind.removeprefix("/S /") for kind in structure(root["/StructTreeRoot"])]
    assert kinds.count("Table") > 10 and kinds.count("TH") > 50 and kinds.count("H1") + kinds.count("Title") >= 1
    text = " ".join(page.extract_text() for page in pdf.pages)
    report = (await site.get("employer", EMPLOYER, HERE)).json()
    shown = [m["value"]["value"] for family in report["families"] for m in family["measures"] if m["value"]["value"] is not None]
    assert len(shown) > 20
    for value in shown:
        assert f"{value:,.1f}".removesuffix(".0").replace("-", "−") in text, value
    assert "Not shown: protects privacy" in text


def structure(node: Any, depth: int = 0) -> list[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return [found for one in node for found in structure(one, depth)]
    if not isinstance(node, dict) or depth > 12:
        return []
    return ([f"/S {node['/S']}"] if "/S" in node else []) + structure(node.get("/K", []), depth + 1)


async def test_D13_the_same_report_makes_the_same_bytes_without_a_number_in_name_or_metadata(site: Served) -> None:
    for representation in ("csv", "pdf"):
        one, other = [await site.get("plan", PLAN, f"/v1/plans/{PLAN}/reports/2026-Q3?format={representation}") for _ in range(2)]
        assert one.content == other.content
        assert one.headers["content-disposition"] == f'attachment; filename="care-connect-2026-Q3.{representation}"'
        assert "etag" not in one.headers and one.headers["cache-control"] == "no-store"
    pdf = PdfReader(io.BytesIO(one.content))
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Care Connect: report for Q3 2026"
    assert set(pdf.metadata) == {"/Title", "/Creator", "/ModDate", "/CreationDate"}
    assert str(pdf.metadata["/CreationDate"]).startswith("D:20261031"), "when it was released, not when it was made"


async def test_a_session_downloads_the_same_files(site: Served) -> None:
    for representation in ("csv", "pdf"):
        page = await site.look("employer", EMPLOYER, f"/reports/all/2025/{representation}")
        program = await site.get("employer", EMPLOYER, f"{HERE}?format={representation}")
        assert page.content == program.content
