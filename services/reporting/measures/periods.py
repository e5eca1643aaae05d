"""Calendar periods only (D8): months, quarters, years, each within the next. Pure.

A period is written `2026-03`, `2026-Q1`, `2026`. Months are calendar months in UTC.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

Span = Literal["month", "quarter", "year"]


def month_of(at: datetime | date) -> str:
    day = at.astimezone(UTC).date() if isinstance(at, datetime) else at
    return f"{day.year:04}-{day.month:02}"


def span_of(period: str) -> Span:
    if len(period) == 4:
        return "year"
    return "quarter" if period[5] == "Q" else "month"


def months_of(period: str) -> Sequence[str]:
    year = period[:4]
    match span_of(period):
        case "month":
            return [period]
        case "quarter":
            last = 3 * int(period[6])
            return [f"{year}-{month:02}" for month in range(last - 2, last + 1)]
        case "year":
            return [f"{year}-{month:02}" for month in range(1, 13)]


def closed_with(month: str) -> Sequence[str]:
    """The periods that are complete once this month is, the longest first."""
    year, number = month[:4], int(month[5:])
    found = [year] if number == 12 else []
    if number % 3 == 0:
        found.append(f"{year}-Q{number // 3}")
    return [*found, month]


def next_month(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + 1:04}-01" if number == 12 else f"{year:04}-{number + 1:02}"


def last_day(month: str) -> date:
    return date.fromisoformat(f"{next_month(month)}-01") - timedelta(days=1)
