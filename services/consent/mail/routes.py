"""The privacy officer's mail queue over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from common.paging import Cursor, Limit, Page, after, page_of
from consent.mail import usecases
from consent.mail.rules import Resolution, State
from consent.mail.tables import Kept

router = APIRouter(prefix="/v1/mails", tags=["mail"])
Officer = Annotated[Principal, Depends(Allow(Role.PRIVACY_OFFICER))]


class MailOut(BaseModel):
    """`said` is what the sender wrote, without quotes and footers. Attachments are counted and not kept (C13)."""

    mail_id: UUID
    state: State
    received_at: datetime
    due_at: datetime | None
    overdue: bool
    sender: str
    authenticated: bool
    subject: str
    said: str
    text: str
    attachments: int
    client_ids: list[UUID]
    reason: str | None
    resolution: str | None
    resolved_by: UUID | None
    resolved_at: datetime | None


class ResolutionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"resolution": "opt_out"}})

    resolution: Resolution
    client_ids: list[UUID] = Field(default=[], max_length=10)
    """Whose wish it is; needed where the sender's address is nobody's, useful where it is several people's."""


def _out(kept: Kept) -> MailOut:
    names = ("mail_id", "state", "received_at", "due_at", "overdue", "client_ids", "reason", "resolution", "resolved_by", "resolved_at")
    of_mail = ("sender", "authenticated", "subject", "said", "text", "attachments")
    return MailOut(**{name: getattr(kept, name) for name in names}, **{name: getattr(kept.mail, name) for name in of_mail})


@router.get("", operation_id="listMails", responses=problems())
async def list_mails(db: Db, caller: Officer, state: State = State.QUEUED, cursor: Cursor = None, limit: Limit = 100) -> Page[MailOut]:
    found = await usecases.list_mails(db, state, after(cursor), limit + 1)
    return page_of([_out(kept) for kept in found], limit, lambda item: item.mail_id)


@router.get("/{mail_id}", operation_id="readMail", responses=problems("not_found"))
async def read_mail(db: Db, caller: Officer, mail_id: UUID) -> MailOut:
    return _out(await usecases.read_mail_of(db, mail_id))


@router.post("/{mail_id}/resolution", operation_id="resolveMail", responses=problems("not_found", "wrong_state"))
async def resolve_mail(request: Request, caller: Officer, mail_id: UUID, body: ResolutionIn, now: Now) -> MailOut:
    """C4: an opt-out takes effect at once; otherwise sharing goes on, unless another mail of the same client still waits."""
    room = request.app.state.post_room
    return _out(await usecases.resolve_mail(room, mail_id, body.resolution, body.client_ids, caller.id, now))
