"""The consent service, put together."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI
from starlette.types import Scope

from common.applying import Subscription
from common.contracts.catalogue import EVENTS
from common.contracts.reporting import RedactionApplied
from common.contracts.scheduling import ClientRegistered, SharingChosen
from common.db import when_there
from common.deadlines.firing import Sweep
from common.notices.delivery import deliver_notices
from common.pages.rendering import Pages, Site
from common.running import Running
from common.service import Definition, build, serve
from consent.access_requests.making import Maker, make_copies
from consent.access_requests.routes import router as access_requests
from consent.access_requests.usecases import Counter
from consent.accounting.routes import router as accounting
from consent.collections.asking import ask_for_parts
from consent.collections.taking import take_parts
from consent.corrections.delivery import deliver_corrections
from consent.corrections.routes import router as corrections
from consent.decisions.handlers import DecisionHandlers
from consent.decisions.opt_outs import router as opt_outs
from consent.decisions.routes import router as decisions
from consent.decisions.usecases import Book, places_of
from consent.documents.routes import router as legal_documents
from consent.documents.sealing import DocumentKey
from consent.explanations.routes import router as explanations
from consent.holdings import CONSENT, openings
from consent.ledger.checkpoints import make_checkpoints
from consent.ledger.routes import router as ledger
from consent.ledger.signing import Signer
from consent.ledger.usecases import Ledger
from consent.ledger.witnesses import witnesses_at
from consent.legal_demands.routes import router as legal_demands
from consent.mail.addresses import router as mail_addresses
from consent.mail.routes import router as mails
from consent.mail.smtp import serve_smtp
from consent.mail.usecases import PostRoom
from consent.mail.work import decide_about_mails, send_replies, watch_deadlines
from consent.notices.routes import router as notices
from consent.notices.usecases import load_shipped_notices
from consent.opt_out_links.routes import link_for
from consent.opt_out_links.routes import router as opt_out_links
from consent.pages.my_access import router as my_access
from consent.pages.my_corrections import router as my_corrections
from consent.pages.my_data_sharing import router as my_data_sharing
from consent.pages.my_disclosures import router as my_disclosures
from consent.pages.my_holdings import router as my_holdings
from consent.pages.neighbour import Reporting
from consent.pages.office_contract_form import router as office_contract_form
from consent.pages.office_contracts import router as office_contracts
from consent.pages.office_corrections import router as office_corrections
from consent.pages.office_legal_demands import router as office_legal_demands
from consent.pages.office_requests import router as office_requests
from consent.pages.privacy_office import router as privacy_office
from consent.propagation.handlers import ReceiptHandlers
from consent.propagation.overdue import mark_overdue_receipts
from consent.propagation.routes import router as propagation
from consent.propagation.waiting import Waiters
from consent.receipts.routes import router as receipts_of_decisions
from consent.receipts.rules import Controller
from consent.schema import metadata
from consent.settings import ConsentSettings
from consent.statutory_deadlines.acting import actions
from consent.statutory_deadlines.policies import POLICIES
from consent.statutory_deadlines.telling import outcome_events
from consent.statutory_deadlines.watching import watch_standing

MIGRATIONS, PAGES_FOLDER = Path(__file__).parent / "migrations", Path(__file__).parent / "pages"
DECISIONS = (decisions, opt_outs, explanations, receipts_of_decisions, opt_out_links, propagation, notices, mails, mail_addresses, ledger)
RIGHTS = (access_requests, corrections, legal_demands, legal_documents, accounting)
CLIENT_PAGES = (my_data_sharing, my_access, my_corrections, my_disclosures, my_holdings)
OFFICE_PAGES = (privacy_office, office_requests, office_corrections, office_legal_demands, office_contract_form, office_contracts)
ROUTERS = (*DECISIONS, *RIGHTS, *CLIENT_PAGES, *OFFICE_PAGES)
PAPER, FIELDS = 16 << 20, 1 << 20
BODY_LIMITS = {
    "/v1/legal-documents": PAPER,
    "/privacy-office/legal-demands": 2 * PAPER + FIELDS,
    "/privacy-office/legal-suspensions": PAPER + FIELDS,
    "/privacy-office/contracts": PAPER + FIELDS,
}


def create_app(settings: ConsentSettings) -> FastAPI:
    def subscriptions(running: Running) -> Sequence[tuple[Subscription, str]]:
        state = running.app.state
        state.signer = Signer.from_file(settings.signing_key_file)
        state.settings, state.pages = settings, Pages(site_of(settings))
        state.controller = Controller(settings.network_name, settings.privacy_address)
        places = places_of(settings.sink_due_seconds, settings.recall_due_seconds, settings.attestation_due_seconds)
        state.book = Book(running.db, running.journal, places, Waiters())
        chosen = DecisionHandlers(running.journal, places)
        receipts = ReceiptHandlers(state.book.waiters, running.metrics)
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
        state = running.app.state
        state.ledger = Ledger(await running.db.own_pool(0, 4), running.journal.source, state.signer)
        state.reporting = Reporting(running.http, running.token, settings.reporting_url)
        state.witnesses = witnesses_at(running.http, running.token, settings.reporting_url, running.journal.source)
        await when_there(lambda: load_shipped_notices(running.db))
        state.post_room = PostRoom(
            state.book, settings.address_key, settings.mail_due_seconds, lambda client: link_for(state.signer, settings, client).url
        )
        state.document_key = DocumentKey(settings.document_key)
        running.opening.update(openings(state.document_key))
        sweep = Sweep(running.db, running.journal, running.clock, POLICIES, actions(running), outcome_events, running.metrics)
        counter = Counter(running.db, running.journal, state.document_key)
        maker = Maker(counter, state.reporting, state.controller, timedelta(days=settings.access_bundle_days))
        arrived, answered = asyncio.Event(), asyncio.Event()
        state.answered = answered
        taking_in = [serve_smtp(running.db, settings, running.clock, arrived)] if settings.smtp_port else []
        return [
            *taking_in,
            decide_about_mails(state.post_room, running.clock, arrived, answered),
            send_replies(running.db, settings, answered),
            watch_deadlines(running.db, running.clock, running.metrics),
            mark_overdue_receipts(running.db, running.metrics),
            sweep.run(),
            deliver_notices(running.db, running.http, running.token, settings.scheduling_url, running.clock),
            ask_for_parts(running),
            take_parts(running, state.document_key),
            make_copies(maker, running.clock),
            watch_standing(running.db, running.clock, running.metrics),
            deliver_corrections(running),
            make_checkpoints(Ledger(running.db.pool, running.journal.source, state.signer), running.clock, settings.checkpoint_seconds),
        ]

    definition = Definition(
        "consent",
        "Care Connect: consent",
        ROUTERS,
        MIGRATIONS,
        metadata,
        subscriptions,
        holdings=CONSENT,
        start=start,
        in_turns=opens_sharing,
        body_limits=BODY_LIMITS,
    )
    return build(definition, settings)


def site_of(settings: ConsentSettings) -> Site:
    return Site(
        PAGES_FOLDER,
        (my_data_sharing.prefix, privacy_office.prefix),
        settings.public_url,
        settings.address_key,
        settings.cors_origins,
        settings.cookie_secure,
    )


def opens_sharing(request: Scope) -> bool:
    """Whatever closes sharing goes past those (C4)."""
    return request["method"] == "POST" and str(request["path"]).endswith("/decisions")


def main() -> None:
    settings = ConsentSettings()  # type: ignore[call-arg]
    serve(create_app(settings), settings, "consent")


if __name__ == "__main__":
    main()
