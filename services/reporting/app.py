"""The reporting service, put together."""

from collections.abc import Awaitable, Sequence
from pathlib import Path

from fastapi import FastAPI

from common.applying import Subscription
from common.contracts.assessments import AssessmentCompleted, SatisfactionAnswered
from common.contracts.catalogue import EVENTS
from common.contracts.consent import Declined, OptedIn, OptedOut, SharingNarrowed, SharingResumed, SharingSuspended
from common.contracts.partner import RECALL_TOPIC, STATE_TOPIC
from common.contracts.scheduling import (
    AppointmentCancelled,
    AppointmentHeld,
    AppointmentMissed,
    AppointmentMoved,
    AppointmentScheduled,
    ClientRegistered,
)
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
from reporting.release_ledger import tables as _ledger_tables 
from reporting.rollups import tables as _rollup_tables 
from reporting.schema import metadata
from reporting.settings import ReportingSettings

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
        scheduling = Subscription(
            "scheduling",
            {
                ClientRegistered: projections.on_client_registered,
                AppointmentScheduled: projections.on_appointment_scheduled,
                AppointmentMoved: projections.on_appointment_moved,
                AppointmentCancelled: projections.on_appointment_cancelled,
                AppointmentMissed: projections.on_appointment_missed,
                AppointmentHeld: projections.on_appointment_held,
            },
            EVENTS,
        )
        assessments = Subscription(
            "assessments",
            {AssessmentCompleted: projections.on_assessment_completed, SatisfactionAnswered: projections.on_satisfaction_answered},
            EVENTS,
        )
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
        return [state.publisher.run()]

    definition = Definition(
        "reporting",
        "Care Connect: reporting",
        (exports, previews, recalls, disclosures),
        MIGRATIONS,
        metadata,
        subscriptions,
        extra_topics={STATE_TOPIC: COMPACTED, RECALL_TOPIC: {}},
        start=start,
    )
    return build(definition, settings)


def main() -> None:
    settings = ReportingSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "reporting")


if __name__ == "__main__":
    main()
