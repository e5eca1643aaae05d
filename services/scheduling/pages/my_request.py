"""The client's own page: how far it has come to the first session, and all that the client can do about it. It needs no script."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from common.auth import Principal, Role
from common.contracts.vocabulary import Programme
from common.pages.errors import PageRoute
from common.pages.session import AllowSignIn, csrf_of, sign_in, sign_out
from common.problems import Problem
from scheduling.appointments import usecases as appointments
from scheduling.appointments.rules import Booking
from scheduling.coverage import choosing
from scheduling.coverage.rules import CoverageChoice
from scheduling.matching.usecases import read_case
from scheduling.notifications.routes import inbox_of
from scheduling.notifications.usecases import read_notification
from scheduling.pages.doing import ClientDoes, ClientLooks, Doing, Looking, Say, TheClient, to
from scheduling.pages.messages import messages_of
from scheduling.pages.request_view import mine_of
from scheduling.pages.site import MINE
from scheduling.pages.times import last_minute
from scheduling.requests import usecases as requests
from scheduling.requests.rules import Asked
from scheduling.waitlist import usecases as waitlist

router = APIRouter(prefix=MINE, route_class=PageRoute, include_in_schema=False)
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.CLIENT))]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
TOLD = frozenset({"booked", "withdraw", "change_provider", "asked", "move", "cancel", "joined", "read", "good_fit", *CoverageChoice})


class TimeIn(BaseModel):
    """One that the page offered: proposed by the provider, or open. None: none was chosen."""

    starts_at: Moment | None = None


class LeavingIn(BaseModel):
    action: Literal["withdraw", "change_provider"]


class ChangeIn(BaseModel):
    """Another open time, or none any more."""

    action: Literal["move", "cancel"]
    starts_at: Moment | None = None


class ChosenIn(BaseModel):
    provider_id: UUID


class CoverageIn(BaseModel):
    choice: CoverageChoice


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, MINE)


@router.post("/sign-out")
async def close_session(request: Request, _caller: TheClient) -> Response:
    return sign_out(request, MINE)


@router.get("")
async def show(looking: ClientLooks) -> Response:
    return await _page(looking, looking.done(TOLD))


@router.post("/requests/{request_id}/consultation")
async def book(doing: ClientDoes, request_id: UUID, form: Annotated[TimeIn, Form()]) -> Response:
    """S6, S8: one of the proposed times, or an open one."""

    async def work() -> None:
        booking = Booking(uuid4(), request_id, "consultation", _moment(form.starts_at))
        await appointments.schedule_appointment(doing.db, doing.journal, doing.caller, doing.key, booking, doing.now)

    return await doing.do(work(), MINE, "booked", _page)


@router.post("/requests/{request_id}/leaving")
async def leave(doing: ClientDoes, request_id: UUID, form: Annotated[LeavingIn, Form()]) -> Response:
    """S14: no longer at all, or no longer with this provider."""
    step = requests.withdraw_request if form.action == "withdraw" else requests.change_provider
    work = step(doing.db, doing.journal, doing.caller, doing.key, request_id, doing.now)
    return await doing.do(work, MINE, form.action, _page)


@router.post("/requests/{request_id}/fit")
async def find_good_fit(doing: ClientDoes, request_id: UUID) -> Response:
    """S10, after the consultation. Who does not think so asks for another provider."""
    work = requests.assess_fit(doing.db, doing.journal, doing.caller, doing.key, request_id, good_fit=True, now=doing.now)
    return await doing.do(work, MINE, "good_fit", _page)


@router.post("/cases/{case_id}/choice")
async def choose(doing: ClientDoes, case_id: UUID, form: Annotated[ChosenIn, Form()]) -> Response:
    """S10, S11: one of the others that were offered. It is not the first request, so it carries no choice (C2)."""

    async def work() -> None:
        case = await read_case(doing.db, doing.caller, case_id)
        before = await requests.read_request(doing.db, doing.caller, case.request_id)
        asked = Asked(uuid4(), doing.caller.id, form.provider_id, case.programme, None, before.specialties)
        await requests.submit_request(doing.db, doing.journal, doing.caller, doing.key, asked, doing.now)

    return await doing.do(work(), MINE, "asked", _page)


@router.post("/appointments/{appointment_id}/change")
async def change(doing: ClientDoes, appointment_id: UUID, form: Annotated[ChangeIn, Form()]) -> Response:
    async def work() -> None:
        if form.action == "cancel":
            await appointments.cancel_appointment(doing.db, doing.journal, doing.caller, doing.key, appointment_id, doing.now)
        else:
            moment = _moment(form.starts_at)
            await appointments.move_appointment(doing.db, doing.journal, doing.caller, doing.key, appointment_id, moment, doing.now)

    return await doing.do(work(), MINE, form.action, _page)


@router.post("/coverage-choice")
async def choose_coverage(doing: ClientDoes, form: Annotated[CoverageIn, Form()]) -> Response:
    """S13."""
    asked = (doing.caller.id, Programme.EWS, form.choice)
    work = choosing.choose_coverage(doing.db, doing.journal, doing.caller, doing.key, asked, doing.now)
    return await doing.do(work, MINE, form.choice, _page)


@router.post("/waitlist")
async def join_waitlist(doing: ClientDoes) -> Response:
    """S12."""
    work = waitlist.join(doing.db, doing.journal, doing.caller, doing.key, doing.caller.id, doing.now)
    return await doing.do(work, MINE, "joined", _page)


@router.post("/messages/{notification_id}/read")
async def read(looking: ClientLooks, notification_id: UUID) -> Response:
    await read_notification(looking.db, inbox_of(looking.caller), notification_id, looking.now)
    return to(looking, MINE, "read")


def _moment(said: str | None) -> datetime:
    try:
        return datetime.fromisoformat(said or "").astimezone(UTC)
    except ValueError as error:
        raise Problem("invalid_request", "No time was chosen.", field="time") from error


async def _page(looking: Looking | Doing, say: Say) -> Response:
    mine = await mine_of(looking.db, looking.caller, looking.now)
    answer: Response = looking.request.app.state.pages.render(
        looking.request,
        "my_request.html",
        say.status,
        here=MINE,
        csrf=csrf_of(looking.request),
        say=say,
        mine=mine,
        messages=await messages_of(looking, mine.zone),
        when=lambda at: looking.t.when(at, zone=mine.zone),
        until=lambda at: looking.t.when(last_minute(at, mine.zone), zone=mine.zone),
        moment=lambda at: looking.t.moment(at, zone=mine.zone),
        machine=lambda at: at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        new_id=uuid4,
    )
    return answer
