"""Hands notices to scheduling, which has everybody's address and inbox, until it has taken them. It knows each reason once, so what
was handed over twice is told once."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from common.clock import Clock
from common.db import Database
from common.notices import tables
from common.notices.rules import Notice
from common.service_token import ServiceToken
from common.waking import Waking

log = logging.getLogger(__name__)
AT_ONCE = 500
LOOK_EVERY = 1.0
deliveries = Waking()


async def deliver_notices(db: Database, http: httpx.AsyncClient, token: ServiceToken, scheduling_url: str, clock: Clock) -> None:
    """For the life of the process."""
    url = f"{scheduling_url.rstrip('/')}/v1/notices"
    async for _ in deliveries.rounds(LOOK_EVERY):
        try:
            while waiting := await tables.take(db, AT_ONCE):
                await _hand_over(db, http, await _headers(token, clock), url, waiting, clock.now())
        except Exception as error:  # the database, the issuer or scheduling is away: they wait
            log.warning("notices wait", extra={"error": type(error).__name__})


async def _hand_over(
    db: Database, http: httpx.AsyncClient, headers: Mapping[str, str], url: str, waiting: Mapping[UUID, Notice], now: datetime
) -> None:
    """What comes too late is told to nobody."""
    late = [notice_id for notice_id, notice in waiting.items() if notice.not_after and notice.not_after <= now]
    due = [notice_id for notice_id in waiting if notice_id not in set(late)]
    await tables.remove(db, late)
    if due and not await _taken(http, headers, url, [waiting[notice_id] for notice_id in due]):
        await tables.postpone(db, due)
        raise ConnectionError("scheduling does not take them")
    await tables.remove(db, due)


async def _taken(http: httpx.AsyncClient, headers: Mapping[str, str], url: str, notices: Sequence[Notice]) -> bool:
    try:
        answer = await http.post(url, json={"items": [_item(notice) for notice in notices]}, headers=headers)
    except httpx.HTTPError:
        return False
    return answer.is_success


async def _headers(token: ServiceToken, clock: Clock) -> Mapping[str, str]:
    headers = await token.header()
    return {**headers, "clock-now": clock.now().isoformat()} if clock.simulated else headers


def _item(notice: Notice) -> dict[str, Any]:
    return {
        "recipient_kind": notice.kind,
        "recipient_id": str(notice.recipient_id),
        "template": notice.template,
        "reason": notice.reason,
        "about": str(notice.about) if notice.about else None,
        "starts_at": notice.starts_at.isoformat() if notice.starts_at else None,
        "link": notice.link,
        "not_after": notice.not_after.isoformat() if notice.not_after else None,
    }
