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
from consent.decisions.rules import Asked, Scope, Source
from consent.decisions.usecases import Places, decide_within
from consent.notices.tables import find_version

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
                await self._decide(tx, event)
            except Problem as refusal:
                # A late opt-in on an older state, or on a notice that is none: not shared (invariant 5), and it stays on record.
                log.warning("a choice was not taken", extra={"code": refusal.code})

    async def _decide(self, tx: Connection, event: SharingChosen) -> None:
        digest, source = await _digest_shown(tx, event), Source(Channel.CONSULTATION_REQUEST)
        asked = Asked(event.choice, digest, event.categories, event.on_version, source, event.choice_id)
        await decide_within(tx, self.journal, self.places, Scope(event.client_id, event.programme), asked, event.occurred_at)


async def _digest_shown(tx: Connection, event: SharingChosen) -> str:
    """Events from before the digest was asked for name a version and a language."""
    if event.notice_digest:
        return event.notice_digest
    notice = await find_version(tx, event.programme, event.notice_version, event.notice_language)
    return notice.digest if notice else ""
