"""Which client writes from which address. Addresses are kept as keyed digests: the table tells nobody's address."""

import hmac
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects import postgresql as pg

from common.auth import Allow, Principal, Role
from common.db import Connection
from common.edge import Db
from common.http import problems
from common.never_kept import StructuredText
from consent.schema import metadata

mail_address = sa.Table(
    "mail_address",
    metadata,
    sa.Column("address_digest", pg.BYTEA, primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), primary_key=True, index=True),
)

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["mail"])
Registering = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS, Role.PRIVACY_OFFICER))]


class AddressesIn(BaseModel):
    """All of a client's addresses that the portal has verified; they replace the ones before."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"addresses": ["jane@example.com"]}})

    addresses: list[Annotated[StructuredText, Field(pattern=r"^[^@\s<>]{1,64}@[^@\s<>]{1,255}$")]] = Field(max_length=10)


class AddressesOut(BaseModel):
    """How many are kept; they cannot be read back."""

    addresses: int


def digest_of(key: str, address: str) -> bytes:
    """Case does not matter: no provider of note tells two mailboxes apart by it."""
    return hmac.digest(key.encode(), address.strip().lower().encode(), "sha256")


async def replace_addresses(tx: Connection, client_id: UUID, digests: Sequence[bytes]) -> None:
    await tx.execute("delete from mail_address where client_id = $1", client_id)
    await tx.execute(
        "insert into mail_address (address_digest, client_id) select unnest($2::bytea[]), $1 on conflict do nothing", client_id, digests
    )


async def clients_at(tx: Connection, digest: bytes) -> list[UUID]:
    rows = await tx.fetch("select client_id from mail_address where address_digest = $1 order by client_id", digest)
    return [row["client_id"] for row in rows]


@router.put("/mail-addresses", operation_id="replaceMailAddresses", responses=problems("not_found", "ssn_refused"))
async def replace_mail_addresses(request: Request, db: Db, caller: Registering, client_id: UUID, body: AddressesIn) -> AddressesOut:
    """From these an opt-out by mail is taken at once, where the mail is authenticated."""
    caller.own(Role.CLIENT, client_id)
    digests = sorted({digest_of(request.app.state.settings.address_key, address) for address in body.addresses})
    async with db.begin_event() as tx:
        await replace_addresses(tx, client_id, digests)
    return AddressesOut(addresses=len(digests))
