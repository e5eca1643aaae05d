"""Reports as pages, for an employer and for the plan. Without a script; each file is made from the same report."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.db import Pool
from common.pages.errors import PageRoute
from common.pages.language import Texts
from common.pages.session import AllowPage, AllowSignIn, csrf_of, sign_in, sign_out
from common.problems import Problem
from reporting.measures.periods import span_of
from reporting.measures.values import Value
from reporting.release_ledger.cells import Scope
from reporting.reports.files import answer
from reporting.reports.phrases import Say, phrases_of
from reporting.reports.routes import Period, Reader
from reporting.reports.site import REPORTS
from reporting.reports.usecases import list_reports, of_employer, of_plan, read_report
from reporting.reports.view import said, view_of
from reporting.reports.wording import number

router = APIRouter(prefix=REPORTS, route_class=PageRoute, include_in_schema=False)
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.EMPLOYER, Role.PLAN))]
Viewer = Annotated[Principal, Depends(AllowPage(Role.EMPLOYER, Role.PLAN))]
Population = Annotated[Literal["all"] | Programme, Path()]


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, REPORTS)


@router.post("/sign-out")
async def close_session(request: Request, _caller: Viewer) -> Response:
    return sign_out(request, REPORTS)


@router.get("")
async def show_all(request: Request, reader: Reader, caller: Viewer) -> Response:
    return await _list(request, reader, caller, "all")


@router.get("/{population}")
async def show_list(request: Request, reader: Reader, caller: Viewer, population: Population) -> Response:
    """A plan chooses among its programmes."""
    return await _list(request, reader, caller, population)


@router.get("/{population}/{period}")
async def show(request: Request, reader: Reader, caller: Viewer, population: Population, period: Period) -> Response:
    report = await read_report(reader, _scope(caller, population), period)
    t = request.app.state.pages.texts(request)
    say = phrases_of(t)
    return _page(request, "report.html", caller, population, view=view_of(report, t, say), period=period)


@router.get("/{population}/{period}/{representation}")
async def download(
    reader: Reader, caller: Viewer, population: Population, period: Period, representation: Literal["csv", "pdf"]
) -> Response:
    return await answer(await read_report(reader, _scope(caller, population), period), representation)


def _scope(caller: Principal, population: Literal["all"] | Programme) -> Scope:
    """The session says whom it is about, and the address only which part of it: a link is of no use to anybody else."""
    if caller.role is Role.PLAN:
        return of_plan(caller.id, None if population == "all" else population)
    if population != "all":
        raise Problem("not_found", "An employer's report is not parted by programme.")
    return of_employer(caller.id)


async def _list(request: Request, reader: Pool, caller: Principal, population: Literal["all"] | Programme) -> Response:
    return _page(request, "reports.html", caller, population, listed=await list_reports(reader, _scope(caller, population)))


def _page(request: Request, template: str, caller: Principal, population: str, **shown: object) -> Response:
    t = request.app.state.pages.texts(request)
    say = phrases_of(t)
    words = {
        "say": say,
        "figure": partial(figure, t, say),
        "interval": partial(spread, t),
        "named": partial(named, t),
        "said": partial(said, t=t),
    }
    base = {"csrf": csrf_of(request), "population": str(population), "populations": _populations(caller), "number": number, **words}
    page: Response = request.app.state.pages.render(request, template, **base, **shown)
    return page


def _populations(caller: Principal) -> Sequence[str]:
    return ["all", *(programme.value for programme in Programme)] if caller.role is Role.PLAN else []


def named(t: Texts, period: str, short: bool = False) -> str:
    """A period, in the reader's language."""
    year = period[:4]
    match span_of(period):
        case "year":
            return year
        case "quarter":
            return period[5:] if short else t("quarter", quarter=period[6], year=year)
        case "month":
            month = t(f"{'short_' if short else ''}month.{int(period[5:])}")
            return month if short else t("month_of", month=month, year=year)


def figure(t: Texts, say: Say, value: Value | None, unit: str = "") -> str:
    """With its unit; in words; or the one mark (D2)."""
    if value is None:
        return "–"
    if value.shown == "withheld":
        return t("withheld")
    if value.value is None:
        return say(value.words)
    figures = number(value.value) + (f" {say(unit)}" if unit else "")
    return f"{say(value.words)} {figures}" if value.words else figures


def spread(t: Texts, value: Value | None) -> str:
    return (
        "–" if value is None or value.low is None or value.high is None else t("interval", low=number(value.low), high=number(value.high))
    )
