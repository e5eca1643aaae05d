"""`provider`: the clinicians, and `participation`: which programmes they are or were in, by which terms (S3, S4)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from common.contracts.vocabulary import Programme
from common.schema import moment
from scheduling.providers.record import Participation, Provider
from scheduling.schema import metadata

NO, NOTHING, EMPTY = sa.false(), sa.text("'{}'"), sa.text("'[]'")

provider = sa.Table(
    "provider",
    metadata,
    sa.Column("provider_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("degree", sa.Text, nullable=False),
    sa.Column("taxonomy_code", sa.Text),
    sa.Column("supervised", sa.Boolean, nullable=False, server_default=NO),
    sa.Column("licences", pg.JSONB, nullable=False, server_default=EMPTY),
    sa.Column("credentials", pg.JSONB, nullable=False, server_default=EMPTY),
    sa.Column("virtual_care", sa.Boolean, nullable=False, server_default=NO),
    sa.Column("in_person", sa.Boolean, nullable=False, server_default=NO),
    sa.Column("manages_in_portal", sa.Boolean, nullable=False, server_default=NO),
    sa.Column("languages", pg.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{en}'")),
    sa.Column("specialties", pg.ARRAY(sa.Text), nullable=False, server_default=NOTHING),
    sa.Column("modalities", pg.ARRAY(sa.Text), nullable=False, server_default=NOTHING),
    sa.Column("gender", sa.Text),
    sa.Column("accepting_clients", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False, server_default=""),
    sa.Column("insurance_departure_on", sa.Date),
    sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
    sa.Index("provider_state_idx", "state", "provider_id"),
)

participation = sa.Table(
    "participation",
    metadata,
    sa.Column("participation_id", pg.UUID(as_uuid=True), primary_key=True, server_default=sa.text("gen_random_uuid()")),
    sa.Column("provider_id", pg.UUID(as_uuid=True), sa.ForeignKey(provider.c.provider_id), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    moment("agreed_at"),
    sa.Column("terms_version", sa.Text, nullable=False),
    sa.Column("agreed", pg.ARRAY(sa.Text), nullable=False),
    moment("left_at", nullable=True),
    # The lock on the provider's row sees to it; this holds it for whoever forgets the lock.
    sa.Index("participation_open_idx", "provider_id", "programme", unique=True, postgresql_where=sa.text("left_at is null")),
)

_OF_PROVIDER = (
    sa.select(sa.func.jsonb_agg(pg.aggregate_order_by(sa.func.to_jsonb(participation.table_valued()), participation.c.agreed_at)))
    .where(participation.c.provider_id == provider.c.provider_id)
    .correlate(provider)
    .scalar_subquery()
)
WHOLE = sa.select(provider, sa.func.coalesce(_OF_PROVIDER, sa.text("'[]'::jsonb")).label("participations"))


def row_of(added: Provider) -> dict[str, Any]:
    licences, credentials = ([part.model_dump(mode="json") for part in parts] for parts in (added.licences, added.credentials))
    row = added.model_dump(exclude={"participations", "licences", "credentials", "zone"})
    return row | {"licences": licences, "credentials": credentials, "zone": added.local_zone}


async def insert(tx: AsyncConnection, added: Provider) -> bool:
    """False where the id is taken."""
    result = await tx.execute(pg.insert(provider).values(row_of(added)).on_conflict_do_nothing())
    if result.rowcount == 1:
        for joined in added.participations:
            await join(tx, added.provider_id, joined)
    return result.rowcount == 1


async def change(tx: AsyncConnection, changed: Provider) -> None:
    await tx.execute(sa.update(provider).where(provider.c.provider_id == changed.provider_id).values(row_of(changed)))


async def join(tx: AsyncConnection, provider_id: UUID, joined: Participation) -> None:
    await tx.execute(sa.insert(participation).values(provider_id=provider_id, **joined.model_dump()))


async def leave(tx: AsyncConnection, provider_id: UUID, programme: Programme, now: datetime) -> None:
    c = participation.c
    mine = sa.and_(c.provider_id == provider_id, c.programme == programme, c.left_at.is_(None))
    await tx.execute(sa.update(participation).where(mine).values(left_at=now))


async def exists(tx: AsyncConnection, provider_id: UUID) -> bool:
    return await tx.scalar(sa.select(sa.true()).where(provider.c.provider_id == provider_id)) is not None


async def find(tx: AsyncConnection, provider_id: UUID, *, lock: bool = False) -> Provider | None:
    if lock:  # a statement of its own: the locking one would still see the participations that were there before it waited
        await tx.execute(sa.select(sa.true()).where(provider.c.provider_id == provider_id).with_for_update())
    row = (await tx.execute(WHOLE.where(provider.c.provider_id == provider_id))).one_or_none()
    return Provider.model_validate(row, from_attributes=True) if row else None


async def list_after(tx: AsyncConnection, state: str | None, last: UUID, limit: int) -> list[Provider]:
    wanted = WHOLE.where(provider.c.provider_id > last).order_by(provider.c.provider_id).limit(limit)
    if state is not None:
        wanted = wanted.where(provider.c.state == state)
    return [Provider.model_validate(row, from_attributes=True) for row in await tx.execute(wanted)]
