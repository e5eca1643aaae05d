"""The provider's work queue. Everything on it works without a script, by the very use cases that the API has."""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from common.auth import Principal, Role
from common.contracts.scheduling import AppointmentKind
from common.pages.errors import PageRoute
from common.pages.session import AllowSignIn, csrf_of, sign_in, sign_out
from scheduling.appointments import usecases as appointments
from scheduling.appointments.rules import Booking
from scheduling.notifications.routes import inbox_of
from scheduling.notifications.usecases import read_notification
from scheduling.pages.doing import Doing, Looking, ProviderDoes, ProviderLooks, Say, TheProvider, to
from scheduling.pages.looking import zone_of_provider
from scheduling.pages.messages import messages_of
from scheduling.pages.queue_view import queue_of, short
from scheduling.pages.recording import Outcome, record_outcome
from scheduling.pages.site import QUEUE
from scheduling.pages.times import LOCAL, last_minute, local_text, moment_in, next_minute
from scheduling.requests import usecases as requests
from scheduling.requests.rules import Answer
from scheduling.requests.states import Move

router = APIRouter(prefix=QUEUE, route_class=PageRoute, include_in_schema=False)
SigningIn = Annotated[Principal, Depends(AllowSignIn(Role.PROVIDER))]
LocalTime = Annotated[str, Field(pattern=LOCAL)]
REASONS = ("not_stated", "no_capacity", "outside_expertise", "schedule")
TOLD = frozenset({"accept", "decline", "propose_times", "scheduled", "fit", "not_a_fit", "recorded", "move", "cancel", "read"})


class AnswerIn(BaseModel):
    """On the version that the page showed."""

    action: Literal["accept", "decline", "propose_times"]
    version: int = Field(ge=1, lt=2**31)
    reason: Literal["not_stated", "no_capacity", "outside_expertise", "schedule"] = "not_stated"
    time: list[LocalTime] = Field([], max_length=3)


class AppointmentIn(BaseModel):
    kind: AppointmentKind
    time: LocalTime


class ChangeIn(BaseModel):
    """Another time, or none any more."""

    action: Literal["move", "cancel"]
    time: LocalTime = ""


class FitIn(BaseModel):
    good_fit: Literal["yes", "no"]


class OutcomeIn(BaseModel):
    outcome: Outcome


@router.post("/session")
async def open_session(request: Request, caller: SigningIn) -> Response:
    return await sign_in(request, caller, QUEUE)


@router.post("/sign-out")
async def close_session(request: Request, _caller: TheProvider) -> Response:
    return sign_out(request, QUEUE)


@router.get("")
async def show(looking: ProviderLooks) -> Response:
    return await _page(looking, looking.done(TOLD))


@router.post("/requests/{request_id}/answer")
async def answer(doing: ProviderDoes, request_id: UUID, form: Annotated[AnswerIn, Form()]) -> Response:
    """S7, S8, S10."""
    proposing = form.action == "propose_times"
    if proposing and not any(form.time):
        return await _page(doing, Say("error.no_time", 422))

    async def work() -> None:
        zone = await _zone(doing)
        times = tuple(moment_in(zone, said) for said in form.time if said) if proposing else ()
        given = Answer(request_id, Move(form.action), form.version, form.reason, times)
        await requests.answer_request(doing.db, doing.journal, doing.caller, doing.key, given, doing.now)

    return await doing.do(work(), QUEUE, form.action, _page)


@router.post("/requests/{request_id}/appointments")
async def schedule(doing: ProviderDoes, request_id: UUID, form: Annotated[AppointmentIn, Form()]) -> Response:
    """S8."""

    async def work() -> None:
        booking = Booking(uuid4(), request_id, form.kind, moment_in(await _zone(doing), form.time))
        await appointments.schedule_appointment(doing.db, doing.journal, doing.caller, doing.key, booking, doing.now)

    return await doing.do(work(), QUEUE, "scheduled", _page)


@router.post("/requests/{request_id}/fit")
async def assess_fit(doing: ProviderDoes, request_id: UUID, form: Annotated[FitIn, Form()]) -> Response:
    """S10."""
    good = form.good_fit == "yes"
    work = requests.assess_fit(doing.db, doing.journal, doing.caller, doing.key, request_id, good_fit=good, now=doing.now)
    return await doing.do(work, QUEUE, "fit" if good else "not_a_fit", _page)


@router.post("/appointments/{appointment_id}/change")
async def change(doing: ProviderDoes, appointment_id: UUID, form: Annotated[ChangeIn, Form()]) -> Response:
    async def work() -> None:
        if form.action == "cancel":
            await appointments.cancel_appointment(doing.db, doing.journal, doing.caller, doing.key, appointment_id, doing.now)
        else:
            moment = moment_in(await _zone(doing), form.time)
            await appointments.move_appointment(doing.db, doing.journal, doing.caller, doing.key, appointment_id, moment, doing.now)

    return await doing.do(work(), QUEUE, form.action, _page)


@router.post("/appointments/{appointment_id}/outcome")
async def record(doing: ProviderDoes, appointment_id: UUID, form: Annotated[OutcomeIn, Form()]) -> Response:
    """Whether it took place."""
    return await doing.do(record_outcome(doing, appointment_id, form.outcome), QUEUE, "recorded", _page)


@router.post("/messages/{notification_id}/read")
async def read(looking: ProviderLooks, notification_id: UUID) -> Response:
    await read_notification(looking.db, inbox_of(looking.caller), notification_id, looking.now)
    return to(looking, QUEUE, "read")


async def _zone(looking: Looking) -> str:
    async with looking.db.begin() as tx:
        return await zone_of_provider(tx, looking.caller.id)


async def _page(looking: Looking | Doing, say: Say) -> Response:
    queue = await queue_of(looking.db, looking.caller.id, looking.now)
    answer: Response = looking.request.app.state.pages.render(
        looking.request,
        "provider_queue.html",
        say.status,
        here=QUEUE,
        csrf=csrf_of(looking.request),
        say=say,
        queue=queue,
        messages=await messages_of(looking, queue.zone),
        when=lambda at: looking.t.when(at, zone=queue.zone),
        until=lambda at: looking.t.when(last_minute(at, queue.zone), zone=queue.zone),
        earliest=local_text(next_minute(looking.now), queue.zone),
        reasons=REASONS,
        short=short,
        new_id=uuid4,
    )
    return answer
