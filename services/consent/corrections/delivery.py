"""Hands what was decided to the owner of the record, and to reporting, until they have it. They know each correction once."""

import logging
from collections.abc import Mapping
from uuid import UUID

import httpx

from common.contracts.corrections import Applying, Spreading
from common.running import Running
from consent.corrections import handing_over, usecases
from consent.corrections.rules import Correction
from consent.corrections.usecases import Desk

log = logging.getLogger(__name__)
AT_ONCE = 20
LOOK_EVERY = 1.0
NEVER_TAKEN = (409, 422)
"""What an owner answers that will not have this value, however often it is asked."""


async def deliver_corrections(running: Running) -> None:
    """For the life of the process."""
    desk = Desk(running.db, running.journal, running.app.state.document_key)
    async for _ in handing_over.deliveries.rounds(LOOK_EVERY):
        try:
            while due := await handing_over.claim(running.db, AT_ONCE):
                for correction_id, service in due:
                    await _deliver(running, desk, correction_id, service)
        except Exception as error:  # the database is away, or a defect: what is due stays due
            log.warning("corrections wait", extra={"error": type(error).__name__})


async def _deliver(running: Running, desk: Desk, correction_id: UUID, service: str) -> None:
    case = await usecases.read_correction(desk, correction_id, None)
    answer = await _put(running, case.correction, service)
    if answer is None:
        log.warning("a correction waits", extra={"correction": str(correction_id), "service": service})
        return await handing_over.put_off(running.db, correction_id, service)
    now = running.clock.now()
    if service == "reporting":
        await usecases.note_spread(desk, correction_id, now)
    elif answer.is_success:
        await usecases.note_applied(desk, correction_id, now)
    else:
        await usecases.note_not_taken(desk, correction_id, str(answer.json().get("code")), now)


async def _put(running: Running, of: Correction, service: str) -> httpx.Response | None:
    """None where it has to be tried again."""
    url = f"{getattr(running.settings, f'{service}_url').rstrip('/')}/v1/corrections/{of.correction_id}"
    body = spreading(of) if service == "reporting" else applying(of)
    try:
        answer = await running.http.put(url, json=body.model_dump(mode="json"), headers=await _headers(running))
    except httpx.HTTPError:
        return None
    refused = service != "reporting" and answer.status_code in NEVER_TAKEN
    return answer if answer.is_success or refused else None


def applying(of: Correction) -> Applying:
    return Applying.model_validate({"client_id": of.client_id, "field": of.wish.field, "value": of.wish.wanted})


def spreading(of: Correction) -> Spreading:
    return Spreading(
        client_id=of.client_id,
        kind="disputed" if of.disagreed_at else "amended",
        record_id=of.client_id if of.changes_the_record else of.wish.record_id,
        field=of.wish.field,
        ground=of.ground,
        decided_at=of.disagreed_at or of.decided_at or of.asked_at,
    )


async def _headers(running: Running) -> Mapping[str, str]:
    headers = await running.token.header()
    return {**headers, "clock-now": running.clock.now().isoformat()} if running.clock.simulated else headers
