"""The reporting service, put together."""

from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from common.applying import Handler, Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.consent import Declined, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from common.contracts.corrections import ClientCorrected
from common.contracts.event import Event
from common.db import Connection
from common.pages.rendering import Pages
from common.running import Running
from common.service import Definition, build, serve
from reporting.audits.routes import router as audits
from reporting.authorization.routes import router as authorization
from reporting.authorization.usecases import PartnerVerifier
from reporting.contracts.closing import watch_contracts
from reporting.contracts.routes import router as contracts
from reporting.corrections.handlers import CorrectionHandlers
from reporting.corrections.routes import router as corrections
from reporting.directions.routes import router as directions
from reporting.disclosures.routes import router as disclosures
from reporting.exports.building import Builder
from reporting.exports.capability import router as capability
from reporting.exports.files import router as files
from reporting.exports.routes import router as exports
from reporting.holdings import REPORTING
from reporting.partner_topics.publisher import Publisher
from reporting.previews.routes import router as previews
from reporting.projections import handlers as projections
from reporting.recalls.chasing import chase_recalls
from reporting.recalls.routes import router as recalls
from reporting.recipients.routes import router as recipients
from reporting.redaction.handlers import DecisionHandlers
from reporting.release_gate.freshness import Freshness
from reporting.release_gate.gate import LOCK_CLASS, Gate
from reporting.release_ledger.nightly import release_nightly
from reporting.release_ledger.routes import router as releases
from reporting.reports.pages import router as report_pages
from reporting.reports.reader import keep_open, open_reader
from reporting.reports.routes import router as reports
from reporting.reports.site import site_of
from reporting.rollups import handlers as rollups
from reporting.rollups.counting import count_clients
from reporting.schema import metadata
from reporting.sealing.keys import Sealer
from reporting.sealing.routes import router as sealing
from reporting.settings import ReportingSettings
from reporting.webhooks.routes import router as webhooks
from reporting.webhooks.sending import send_webhooks

Handlers = Mapping[type[Event], Handler]
MIGRATIONS = Path(__file__).parent / "migrations"
INDIVIDUAL = (
    *(recipients, contracts, audits, authorization, capability, exports, files),
    *(sealing, previews, recalls, webhooks, corrections, disclosures),
)
AGGREGATE = (releases, reports, report_pages, directions)
ROUTERS = (*INDIVIDUAL, *AGGREGATE)


def create_app(settings: ReportingSettings) -> FastAPI:
    def subscriptions(running: Running) -> Sequence[tuple[Subscription, str]]:
        publisher = Publisher(running.db, running.journal, settings, running.clock)
        running.app.state.publisher = publisher
        decisions = DecisionHandlers(running.journal, publisher)
        consent = Subscription(
            "consent",
            {
                OptedIn: decisions.on_opted_in,
                Declined: decisions.on_declined,
                OptedOut: decisions.on_opted_out,
                SharingNarrowed: decisions.on_sharing_narrowed,
                SharingSuspended: decisions.on_sharing_suspended,
                SharingResumed: decisions.on_sharing_resumed,
            },
            EVENTS,
            lock_class=LOCK_CLASS,
        )
        corrected: Handlers = {ClientCorrected: CorrectionHandlers(publisher).on_client_corrected}
        scheduling = Subscription("scheduling", {**_both(projections.SCHEDULING, rollups.SCHEDULING), **corrected}, EVENTS)
        assessments = Subscription("assessments", _both(projections.ASSESSMENTS, rollups.ASSESSMENTS), EVENTS)
        return (consent, settings.consent_url), (scheduling, settings.scheduling_url), (assessments, settings.assessments_url)

    async def start(running: Running) -> Sequence[Awaitable[None]]:
        state, db, clock = running.app.state, running.db, running.clock
        freshness = Freshness(running.catch_ups["consent"].owner)
        pool, positions = await db.own_pool(2, 24), running.positions["consent"]
        state.gate = Gate(pool, freshness, positions, running.metrics, clock)
        state.gate.patience, state.gate.page_seconds = settings.freshness_seconds, settings.page_seconds
        state.verifier = PartnerVerifier(db, state.verifier)
        state.http, state.settings = running.http, settings
        state.sealer = state.publisher.sealer = Sealer(settings.sealing_folder, settings.sealing_epoch_hours)
        state.publisher.gate = state.gate
        state.builder = Builder(db, state.gate, running.journal.streams, clock, settings.export_hours)
        state.pages, state.reports = Pages(site_of(settings)), await open_reader(settings.database_url)
        state.publisher.reports = state.reports
        work: list[Awaitable[None]] = [
            state.publisher.run(),
            state.builder.run(),
            state.sealer.run(db, clock),
            send_webhooks(db, running.metrics, settings.public_url, local=settings.webhooks_over_http),
            chase_recalls(db, running.journal, clock, running.metrics),
            watch_contracts(db, running.journal, clock, running.metrics),
            keep_open(state.reports),
            count_clients(db),
        ]
        if settings.release_every_seconds:
            work.append(release_nightly(db, clock, running.metrics, settings.release_every_seconds))
        return work

    definition = Definition(
        "reporting",
        "Care Connect: reporting",
        ROUTERS,
        MIGRATIONS,
        metadata,
        subscriptions,
        holdings=REPORTING,
        start=start,
    )
    return build(definition, settings)


def _both(records: Handlers, counts: Handlers) -> Handlers:
    """An event that becomes a record and is counted: in one transaction, the record first."""

    def one_after_the_other(first: Handler, second: Handler) -> Handler:
        async def handle(tx: Connection, received: Sequence[Any]) -> None:
            await first(tx, received)
            await second(tx, received)

        return handle

    twice = {kind: one_after_the_other(records[kind], counts[kind]) for kind in records.keys() & counts.keys()}
    return {**records, **counts, **twice}


def main() -> None:
    settings = ReportingSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "reporting")


if __name__ == "__main__":
    main()
