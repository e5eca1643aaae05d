"""The consent service, put together."""

from collections.abc import Awaitable, Sequence
from pathlib import Path

from fastapi import FastAPI

from common.applying import Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.reporting import RedactionApplied
from common.contracts.scheduling import ClientRegistered, SharingChosen
from common.service import Definition, Running, build, serve
from consent.decisions.handlers import DecisionHandlers
from consent.decisions.routes import router as decisions
from consent.decisions.usecases import places_of
from consent.notices.routes import router as notices
from consent.propagation.handlers import ReceiptHandlers
from consent.propagation.overdue import mark_overdue_receipts
from consent.propagation.routes import router as propagation
from consent.propagation.waiting import Waiters
from consent.schema import metadata
from consent.settings import ConsentSettings

MIGRATIONS = Path(__file__).parent / "migrations"


def create_app(settings: ConsentSettings) -> FastAPI:
    def subscriptions(running: Running) -> Sequence[tuple[Subscription, str]]:
        state = running.app.state
        state.waiters = Waiters()
        state.places = places_of(settings.sink_due_seconds, settings.recall_due_seconds)
        chosen = DecisionHandlers(running.journal, state.places)
        receipts = ReceiptHandlers(state.waiters, running.metrics)
        return (
            (
                Subscription(
                    "scheduling", {ClientRegistered: chosen.on_client_registered, SharingChosen: chosen.on_sharing_chosen}, EVENTS
                ),
                settings.scheduling_url,
            ),
            (Subscription("reporting", {RedactionApplied: receipts.on_redaction_applied}, EVENTS), settings.reporting_url),
        )

    async def start(running: Running) -> Sequence[Awaitable[None]]:
        return [mark_overdue_receipts(running.db, running.metrics)]

    definition = Definition(
        "consent", "Care Connect: consent", (decisions, propagation, notices), MIGRATIONS, metadata, subscriptions, start=start
    )
    return build(definition, settings)


def main() -> None:
    settings = ConsentSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "consent")


if __name__ == "__main__":
    main()
