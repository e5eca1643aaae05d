"""The assessments service, put together."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI

from assessments.assignments.routes import router as assignments
from assessments.clients.handlers import on_client_registered
from assessments.fhir.routes import router as fhir
from assessments.instruments.routes import router as instruments
from assessments.outcomes.routes import router as outcomes
from assessments.pages.form import router as form
from assessments.pages.scores import router as scores
from assessments.responses.routes import router as responses
from assessments.safety.routes import router as safety
from assessments.satisfaction.routes import router as satisfaction
from assessments.schedules.routes import router as schedules
from assessments.schema import metadata
from assessments.settings import AssessmentsSettings
from common.applying import Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.scheduling import ClientRegistered
from common.service import Definition, Running, build, serve

MIGRATIONS = Path(__file__).parent / "migrations"
ROUTERS = (instruments, schedules, assignments, responses, satisfaction, safety, outcomes, fhir)
PAGES = (form, scores)


def create_app(settings: AssessmentsSettings) -> FastAPI:
    def subscriptions(_: Running) -> Sequence[tuple[Subscription, str]]:
        return ((Subscription("scheduling", {ClientRegistered: on_client_registered}, EVENTS), settings.scheduling_url),)

    definition = Definition("assessments", "Care Connect: assessments", (*ROUTERS, *PAGES), MIGRATIONS, metadata, subscriptions)
    return build(definition, settings)


def main() -> None:
    settings = AssessmentsSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "assessments")


if __name__ == "__main__":
    main()
