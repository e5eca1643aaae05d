"""What the pages' tests and pictures look at: a plan, an employer of its size, a smaller one, and everybody together, over three years."""

from uuid import UUID

from common.contracts.vocabulary import Programme
from reporting.release_ledger.cells import Scope, ScopeKind
from reporting.reports.usecases import NETWORK, SMALLER, of_employer, of_plan
from tests.reporting.reports.published import Told, publish

PLAN = UUID("0f0e0d0c-0000-4000-8000-000000000001")
EMPLOYER = UUID("0f0e0d0c-0000-4000-8000-000000000002")
SMALL = UUID("0f0e0d0c-0000-4000-8000-000000000003")
"""Has no report of its own."""
MONTHS = [f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13)][:21]
QUARTERS = [f"{year}-Q{quarter}" for year in (2025, 2026) for quarter in range(1, 5)][:7]
YEARS = ["2024", "2025"]


async def fill(url: str) -> None:
    plan = [Told(of_plan(PLAN, None), 410, 1.05)]
    plan += [Told(of_plan(PLAN, programme), 410 * share, 1.05) for programme, share in zip(Programme, (0.7, 0.3), strict=True)]
    norm = [Told(NETWORK, 2600), Told(SMALLER, 260, 0.9)]
    await publish(url, [*YEARS, *QUARTERS, *MONTHS], plan)
    await publish(url, [*YEARS, *QUARTERS], norm)
    await publish(url, [*YEARS, *QUARTERS], [Told(of_employer(EMPLOYER), 17, 1.25)])


__all__ = ["EMPLOYER", "PLAN", "SMALL", "Scope", "ScopeKind", "fill"]
