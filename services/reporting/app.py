"""The reporting service, put together."""

from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from common.applying import Handler, Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.consent import Declined, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from common.contracts.event import Event
from common.contracts.partner import RECALL_TOPIC, STATE_TOPIC
from common.db import Connection
from common.pages.rendering import Pages
from common.service import Definition, Running, build, serve
from reporting.exports.routes import router as exports
from reporting.partner.publisher import COMPACTED, Publisher
from reporting.previews.routes import router as previews
from reporting.projections import handlers as projections
from reporting.recalls.routes import router as recalls
from reporting.redaction.handlers import DecisionHandlers
from reporting.release.freshness import Freshness
from reporting.release.gate import LOCK_CLASS, Gate
from reporting.release.routes import router as disclosures
from reporting.release_ledger.nightly import release_nightly
from reporting.release_ledger.routes import router as releases
from reporting.reports.pages import router as report_pages
from reporting.reports.reader import keep_open, open_reader
from reporting.reports.routes import router as reports
from reporting.reports.site import site_of
from reporting.rollups import handlers as rollups
from reporting.rollups.counting import count_clients
from reporting.schema import metadata
from reporting.settings import ReportingSettings

Handlers = Mapping[type[Event], Handler]
MIGRATIONS = Path(__file__).parent / "migrations"


def create_app(settings: ReportingSettings) -> FastAPI:
    def subscriptions(running: Running) -> Sequence[tuple[Subscription, str]]:
        publisher = Publisher(running.db, running.journal, settings.kafka, settings.topic_prefix, running.clock)
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
        scheduling = Subscription("scheduling", _both(projections.SCHEDULING, rollups.SCHEDULING), EVENTS)
        assessments = Subscription("assessments", _both(projections.ASSESSMENTS, rollups.ASSESSMENTS), EVENTS)
        return (consent, settings.consent_url), (scheduling, settings.scheduling_url), (assessments, settings.assessments_url)

    async def start(running: Running) -> Sequence[Awaitable[None]]:
        state = running.app.state
        freshness = Freshness(running.catch_ups["consent"].owner)
        state.gate = Gate(
            await running.db.own_pool(2, 24),
            freshness,
            running.positions["consent"],
            running.metrics,
            settings.freshness_seconds,
        )
        state.publisher.gate = state.gate
        state.settings = settings
        state.pages, state.reports = Pages(site_of(settings)), await open_reader(settings.database_url)
        work: list[Awaitable[None]] = [state.publisher.run(), keep_open(state.reports), count_clients(running.db)]
        if settings.release_every_seconds:
            work.append(release_nightly(running.db, running.clock, running.metrics, settings.release_every_seconds))
        return work

    definition = Definition(
        "reporting",
        "Care Connect: reporting",
        (exports, previews, recalls, disclosures, releases, reports, report_pages),
        MIGRATIONS,
        metadata,
        subscriptions,
        extra_topics={STATE_TOPIC: COMPACTED, RECALL_TOPIC: {}},
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
