"""The scheduling service, put together."""

from collections.abc import Awaitable, Sequence
from pathlib import Path

from fastapi import FastAPI

from common.deadlines.firing import Sweep
from common.pages.rendering import Pages
from common.running import Running
from common.service import Definition, build, serve
from scheduling.appointments.routes import router as appointments
from scheduling.availability.openings import keep_fresh
from scheduling.availability.routes import router as availability
from scheduling.clients.routes import router as clients
from scheduling.corrections.routes import router as corrections
from scheduling.coverage.routes import router as coverage
from scheduling.directory.routes import router as directory
from scheduling.eligibility.check import embedded
from scheduling.eligibility.fhir_adapter import fhir_check
from scheduling.eligibility.file_routes import router as eligibility_files
from scheduling.eligibility.routes import router as eligibility
from scheduling.employers.routes import router as employers
from scheduling.episodes.routes import router as episodes
from scheduling.holdings import SCHEDULING
from scheduling.matching.routes import router as matching
from scheduling.notifications.mails import Post
from scheduling.notifications.neighbours import router as neighbours
from scheduling.notifications.routes import router as notifications
from scheduling.notifications.work import send_mails
from scheduling.pages.my_request import router as my_request
from scheduling.pages.provider_queue import router as provider_queue
from scheduling.pages.site import site_of
from scheduling.plans.routes import router as plans
from scheduling.providers.routes import router as providers
from scheduling.requests.delivery import ChoiceDelivery
from scheduling.requests.moves import router as moves
from scheduling.requests.notices import NoticeTexts
from scheduling.requests.routes import router as requests
from scheduling.schema import metadata
from scheduling.service_levels.actions import actions
from scheduling.service_levels.policies import POLICIES
from scheduling.service_levels.usecases import outcome_events
from scheduling.settings import SchedulingSettings
from scheduling.waitlist.routes import router as waitlist

MIGRATIONS = Path(__file__).parent / "migrations"
ROUTERS = (
    *(employers, plans, providers, directory, clients, corrections),
    *(requests, moves, availability, appointments, matching),
    *(episodes, waitlist, notifications, neighbours, eligibility, eligibility_files, coverage),
)
PAGES = (provider_queue, my_request)
BODY_LIMITS = {"/v1/eligibility-files": 32 << 20, "/v1/notices": 1 << 20}
"""Some 200,000 lines; 500 notices."""


def create_app(settings: SchedulingSettings) -> FastAPI:
    async def start(running: Running) -> Sequence[Awaitable[None]]:
        state = running.app.state
        state.pages = Pages(site_of(settings))
        state.notice_texts = NoticeTexts(running.http, settings.consent_url)
        url = settings.eligibility_url
        state.eligibility_check = fhir_check(running.http, url) if url else embedded
        state.choice_delivery = ChoiceDelivery(running.http, running.token, settings.consent_url, running.clock)
        post = Post(settings.smtp_relay_host, settings.smtp_relay_port, settings.mail_from, settings.public_url)
        acts = actions(running.journal)
        sweep = Sweep(running.db, running.journal, running.clock, POLICIES, acts, outcome_events, running.metrics)
        return [keep_fresh(running.db, running.clock), send_mails(running.db, post, running.clock), sweep.run()]

    definition = Definition(
        "scheduling",
        "Care Connect: scheduling",
        (*ROUTERS, *PAGES),
        MIGRATIONS,
        metadata,
        body_limits=BODY_LIMITS,
        holdings=SCHEDULING,
        start=start,
    )
    return build(definition, settings)


def main() -> None:
    settings = SchedulingSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "scheduling")


if __name__ == "__main__":
    main()
