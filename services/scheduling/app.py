"""The scheduling service, put together."""

from collections.abc import Awaitable, Sequence
from pathlib import Path

from fastapi import FastAPI

from common.service import Definition, Running, build, serve
from scheduling.appointments.routes import router as appointments
from scheduling.clients.routes import router as clients
from scheduling.employers.routes import router as employers
from scheduling.plans.routes import router as plans
from scheduling.providers.routes import router as providers
from scheduling.requests.delivery import ChoiceDelivery
from scheduling.requests.notices import NoticeTexts
from scheduling.requests.routes import router as requests
from scheduling.schema import metadata
from scheduling.settings import SchedulingSettings

MIGRATIONS = Path(__file__).parent / "migrations"
ROUTERS = (employers, plans, providers, clients, requests, appointments)


def create_app(settings: SchedulingSettings) -> FastAPI:
    async def start(running: Running) -> Sequence[Awaitable[None]]:
        state = running.app.state
        state.notice_texts = NoticeTexts(running.http, settings.consent_url)
        state.choice_delivery = ChoiceDelivery(running.http, running.token, settings.consent_url, running.clock)
        return []

    return build(Definition("scheduling", "Care Connect: scheduling", ROUTERS, MIGRATIONS, metadata, start=start), settings)


def main() -> None:
    settings = SchedulingSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "scheduling")


if __name__ == "__main__":
    main()
