"""The choice on a first request goes to consent at once; the event that was stored with the request is the safety net.

Consent knows both by the same id, so whichever comes second changes nothing.
"""

import asyncio
from datetime import datetime
from typing import Literal
from uuid import UUID

import httpx
from pydantic import BaseModel

from common.clock import Clock
from common.service_token import ServiceToken
from common.tracing import TRACEPARENT
from scheduling.requests.choice import Sharing
from scheduling.requests.rules import ConsultationRequest

TIMEOUT_SECONDS = 1.0
NOT_ABOUT_THE_CHOICE = frozenset({401, 403, 408, 429})
"""Refused for the sake of our token or of load: the event still delivers it."""


class Delivery(BaseModel):
    """`recorded` by consent, `queued` as an event, or `refused` with the problem's code: then nothing is shared."""

    choice_id: UUID
    delivery: Literal["recorded", "queued", "refused"]
    code: str | None = None


class ChoiceDelivery:
    """Kept for the life of the process."""

    def __init__(self, http: httpx.AsyncClient, token: ServiceToken, consent_url: str, clock: Clock) -> None:
        self._http, self._token, self._url, self._clock = http, token, consent_url.rstrip("/"), clock

    async def deliver(self, request: ConsultationRequest, sharing: Sharing, choice_id: UUID, now: datetime) -> Delivery:
        """After the commit. Never fails: a consent outage is none of the client's business."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._post(request, sharing, choice_id, now)
        except (httpx.HTTPError, TimeoutError):
            return Delivery(choice_id=choice_id, delivery="queued")
        if answer.is_success:  # its body says what is shared, which is not for scheduling to read (invariant 8)
            return Delivery(choice_id=choice_id, delivery="recorded")
        code = _code_of(answer)
        return Delivery(choice_id=choice_id, delivery="refused" if code else "queued", code=code)

    async def _post(self, request: ConsultationRequest, sharing: Sharing, choice_id: UUID, now: datetime) -> httpx.Response:
        headers = {**await self._token.header(), "if-match": f'"{sharing.on_version}"'}
        if traceparent := TRACEPARENT.get():
            headers["traceparent"] = traceparent
        if self._clock.simulated:
            headers["clock-now"] = now.isoformat()
        body = {
            "choice": sharing.choice,
            "programme": request.programme,
            "categories": list(sharing.categories),
            "notice_digest": sharing.notice_digest,
            "decision_id": str(choice_id),
        }
        return await self._http.post(f"{self._url}/v1/clients/{request.client_id}/decisions", json=body, headers=headers)


def _code_of(answer: httpx.Response) -> str | None:
    """Why consent refused the choice; None where the answer is not about the choice."""
    about_choice = answer.is_client_error and answer.status_code not in NOT_ABOUT_THE_CHOICE
    if not about_choice or not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    return str(answer.json()["code"])
