"""The keys of sealed values, for the recipient that holds them: only while the consent stands."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, TypeAdapter

from common.auth import Allow, Principal, Role
from common.http import problems
from reporting.authorization.rules import require_scopes
from reporting.release_gate.gate import Hold
from reporting.sealing.delivering import KeyDelivery
from reporting.sealing.usecases import SealingKeys, destroyed, hand_out_keys

router = APIRouter(prefix="/v1/sealing-keys", tags=["sealing"])
Plan = Annotated[Principal, Depends(Allow(Role.PLAN))]
MOST = 150
"""Tokens at once: the request's first line stays below 8 KiB, which is what proxies take."""
JSON = TypeAdapter(SealingKeys)


class SealingKeyOut(BaseModel):
    kty: Literal["oct"]
    kid: UUID
    """The recipient token, as the sealed value names it."""
    k: str
    ends_at: datetime
    """Forget it by then."""


class SealingKeysOut(BaseModel):
    """A JWK Set (RFC 7517)."""

    keys: list[SealingKeyOut]
    gone: list[UUID]
    """Ended, destroyed, or never this recipient's: it is not told which. Delete what is held under these tokens."""


@router.get(
    "/{stream}",
    operation_id="readSealingKeys",
    response_model=SealingKeysOut,
    responses=problems("insufficient_scope", "key_destroyed", "freshness_not_proven", "contract_not_valid"),
)
async def read_sealing_keys(
    request: Request,
    caller: Plan,
    stream: Annotated[int, Path(ge=0, le=4095)],
    token: Annotated[list[UUID], Query(min_length=1, max_length=MOST)],
) -> KeyDelivery:
    """The keys of sealed values whose consent stands at this moment. The sealed value says where its key is had (`keys` in its header).
    Each is on record as a disclosure. 410 once there is none."""
    require_scopes(caller.scopes, caller.purpose)
    state, purpose = request.app.state, str(caller.purpose)
    if stream >= state.builder.streams:
        raise destroyed(token)

    async def answer(hold: Hold) -> bytes:
        return JSON.dump_json(await hand_out_keys(hold, state.sealer, token, caller.id, purpose))

    return KeyDelivery(state.gate, stream, caller.id, answer)
