"""The assessments service, put together."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI

from assessments.clients.handlers import on_client_registered
from assessments.instruments.routes import router as instruments
from assessments.responses.routes import router as responses
from assessments.satisfaction.routes import router as satisfaction
from assessments.schema import metadata
from assessments.settings import AssessmentsSettings
from common.applying import Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.scheduling import ClientRegistered
from common.service import Definition, Running, build, serve

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app(settings: AssessmentsSettings) -> FastAPI:
    def subscriptions(_: Running) -> Sequence[tuple[Subscription, str]]:
        return ((Subscription("scheduling", {ClientRegistered: on_client_registered}, EVENTS), settings.scheduling_url),)

    routers = (instruments, responses, satisfaction)
    return build(Definition("assessments", "Care Connect: assessments", routers, MIGRATIONS, metadata, subscriptions), settings)


def main() -> None:
    settings = AssessmentsSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "assessments")


if __name__ == "__main__":
    main()
