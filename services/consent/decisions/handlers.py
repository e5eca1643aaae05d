"""Decisions that arrive by event: the choice on a first consultation request, when the direct way was down."""

import logging
from collections.abc import Sequence

from common.applying import Received
from common.contracts.scheduling import ClientRegistered, SharingChosen
from common.contracts.vocabulary import Channel
from common.db import Connection
from common.journal import Journal
from common.problems import Problem
from consent.decisions import tables
from consent.decisions.rules import Asked, Scope
from consent.decisions.usecases import Places, decide_within
from consent.notices.rules import decided_on
from consent.notices.texts import NOTICES

log = logging.getLogger(__name__)


class DecisionHandlers:
    """Knows the journal and the places."""

    def __init__(self, journal: Journal, places: Places) -> None:
        self.journal, self.places = journal, places

    async def on_client_registered(self, tx: Connection, received: Sequence[Received[ClientRegistered]]) -> None:
        await tables.remember_clients(tx, [r.event.client_id for r in received])

    async def on_sharing_chosen(self, tx: Connection, received: Sequence[Received[SharingChosen]]) -> None:
        """The same decision as over HTTP, by the same id: whichever comes second changes nothing."""
        for event in sorted((r.event for r in received), key=lambda event: event.client_id):
            try:
                notice = decided_on(NOTICES, event.notice_version, event.notice_language)
                asked = Asked(event.choice, notice, event.categories, event.on_version, Channel.CONSULTATION_REQUEST, event.choice_id)
                await decide_within(tx, self.journal, self.places, Scope(event.client_id, event.programme), asked, event.occurred_at)
            except Problem as refusal:
                # A late opt-in on an older state, or on a notice that is none: not shared (invariant 5), and it stays on record.
                log.warning("a choice was not taken", extra={"code": refusal.code})
