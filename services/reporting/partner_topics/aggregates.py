"""Which reports a recipient's topic is to have: those of the periods that a release has closed, as the plan reads them over HTTP."""

from collections.abc import AsyncIterator, Collection
from uuid import UUID

from common.contracts.vocabulary import Programme
from common.db import Pool
from reporting.measures.periods import months_of
from reporting.reports.usecases import list_reports, of_plan, read_report


async def reports_of(reader: Pool, plan_id: UUID, months: Collection[str]) -> AsyncIterator[tuple[str, bytes]]:
    """Key and document of what became readable when these months were closed: of all programmes (`all/2026-Q1`) and of each.

    Read as the role that can read nothing about anybody (R2), so that nothing stands here that the report does not show.
    """
    for programme in (None, *Programme):
        scope = of_plan(plan_id, programme)
        for listed in reversed(await list_reports(reader, scope)):
            if months_of(listed.period)[-1] in months:
                report = await read_report(reader, scope, listed.period)
                yield f"{programme or 'all'}/{listed.period}", report.model_dump_json().encode()
