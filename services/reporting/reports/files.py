"""A report as JSON, CSV or PDF: the same numbers, under a name that says the period only, and never kept by anybody on the way."""

import asyncio

from fastapi import Response

from reporting.reports.csv_file import csv_of
from reporting.reports.documents import Report
from reporting.reports.pdf_file import pdf_of

MEDIA = {"json": "application/json", "csv": "text/csv; charset=utf-8; header=present", "pdf": "application/pdf"}


async def answer(report: Report, representation: str) -> Response:
    """`json`, `csv` or `pdf`. Without an ETag: it would tell of what is not shown (D13)."""
    match representation:
        case "csv":
            body = csv_of(report).encode()
        case "pdf":
            body = await asyncio.to_thread(pdf_of, report)  # tens of milliseconds of the processor
        case _:
            body = report.model_dump_json().encode()
    headers = {"cache-control": "no-store"}
    if representation != "json":
        headers["content-disposition"] = f'attachment; filename="care-connect-{report.period}.{representation}"'
    return Response(body, media_type=MEDIA[representation], headers=headers)
