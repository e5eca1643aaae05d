"""What other services have told to clients, providers and teams: they know what, and here is where everybody is reached."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.auth import Allow, Role
from common.db import Database
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from common.problems import Problem
from scheduling.notifications.rules import Notice, Recipient, RecipientKind
from scheduling.notifications.texts import templates
from scheduling.notifications.usecases import notify

Neighbour = Depends(Allow(Role.SERVICE))
router = APIRouter(prefix="/v1/notices", tags=["notifications"], dependencies=[Neighbour])
Text = Annotated[StructuredText, Field(max_length=200)]


class NoticeIn(BaseModel):
    """One piece of news. `template` names a text; each recipient is told each `reason` once, however often it is handed over."""

    model_config = ConfigDict(extra="forbid")

    recipient_kind: RecipientKind
    recipient_id: UUID
    template: Annotated[StructuredText, Field(pattern=r"^[a-z_]{1,60}$", max_length=60)]
    reason: Text
    about: UUID | None = None
    starts_at: AwareDatetime | None = None
    link: Annotated[StructuredText, Field(pattern=r"^https?://[!-~]+$", max_length=500)] | None = None
    not_after: AwareDatetime | None = None

    def notice(self) -> Notice:
        to = Recipient(self.recipient_kind, self.recipient_id)
        return Notice(to, self.template, self.reason, self.about, self.starts_at, link=self.link, not_after=self.not_after)


class NoticesIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: list[NoticeIn] = Field(min_length=1, max_length=500)


class NoticesTaken(BaseModel):
    """All of them: those that were told before are not told again."""

    taken: int


@router.post("", operation_id="takeNotices", responses=problems("invalid_request", "ssn_refused"))
async def take_notices(db: Db, body: NoticesIn, now: Now) -> NoticesTaken:
    """For the other services: all or none."""
    for number, item in enumerate(body.items):
        if item.template not in templates():
            raise Problem("invalid_request", "There is no such text.", field=f"items.{number}.template")
    await _notify(db, [item.notice() for item in body.items], now)
    return NoticesTaken(taken=len(body.items))


async def _notify(db: Database, notices: list[Notice], now: AwareDatetime) -> None:
    async with db.begin() as tx:
        await notify(tx, notices, now)
