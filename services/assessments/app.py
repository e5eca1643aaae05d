"""The assessments service, put together."""

from collections.abc import Awaitable, Sequence
from pathlib import Path

from fastapi import FastAPI

from assessments.assignments import sending
from assessments.assignments.planning import plan_assignments
from assessments.assignments.routes import router as assignments
from assessments.assignments.telling import Told
from assessments.care.handlers import HANDLERS
from assessments.clients.handlers import on_client_corrected, on_client_registered
from assessments.fhir.routes import BODY_LIMITS
from assessments.fhir.routes import router as fhir
from assessments.holdings import ASSESSMENTS
from assessments.instruments.routes import router as instruments
from assessments.outcomes.routes import router as outcomes
from assessments.pages.form import router as form
from assessments.pages.scores import router as scores
from assessments.pages.site import site_of
from assessments.responses.routes import router as responses
from assessments.safety.actions import actions as safety_actions
from assessments.safety.policies import POLICIES as SAFETY
from assessments.safety.routes import router as safety
from assessments.satisfaction.routes import router as satisfaction
from assessments.schedules.routes import router as schedules
from assessments.schedules.versions import Versions, ship
from assessments.schema import metadata
from assessments.settings import AssessmentsSettings
from common.applying import Handler, Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.corrections import ClientCorrected
from common.contracts.event import Event
from common.contracts.scheduling import ClientRegistered
from common.db import when_there
from common.deadlines.firing import Sweep
from common.notices.delivery import deliver_notices
from common.pages.rendering import Pages
from common.running import Running
from common.service import Definition, build, serve

MIGRATIONS = Path(__file__).parent / "migrations"
ROUTERS = (instruments, schedules, assignments, responses, satisfaction, safety, outcomes, fhir)
PAGES = (form, scores)


def create_app(settings: AssessmentsSettings) -> FastAPI:
    def subscriptions(_: Running) -> Sequence[tuple[Subscription, str]]:
        clients: dict[type[Event], Handler] = {ClientRegistered: on_client_registered, ClientCorrected: on_client_corrected}
        handlers = {**clients, **HANDLERS}
        return ((Subscription("scheduling", handlers, EVENTS), settings.scheduling_url),)

    async def start(running: Running) -> Sequence[Awaitable[None]]:
        state, db, journal, clock = running.app.state, running.db, running.journal, running.clock
        state.pages = Pages(site_of(settings))
        state.told = Told(settings.public_url, settings.link_key.encode())
        versions = Versions(SAFETY)
        await when_there(lambda: ship(db, clock.now()))
        await when_there(lambda: versions.refresh(db))
        acts = {**sending.actions(versions, state.told), **safety_actions()}
        sweep = Sweep(db, journal, clock, versions.policies, acts, lambda *_: (), running.metrics)
        delivery = deliver_notices(db, running.http, running.token, settings.scheduling_url, clock)
        return [plan_assignments(db, journal, clock, versions), sweep.run(), delivery]

    definition = Definition(
        "assessments",
        "Care Connect: assessments",
        (*ROUTERS, *PAGES),
        MIGRATIONS,
        metadata,
        subscriptions,
        body_limits=BODY_LIMITS,
        holdings=ASSESSMENTS,
        start=start,
    )
    return build(definition, settings)


def main() -> None:
    settings = AssessmentsSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "assessments")


if __name__ == "__main__":
    main()
