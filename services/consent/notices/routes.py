"""Notices over HTTP: the texts that a client is shown before deciding (C11), for whoever shows them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from common.auth import Allow, Role, anyone
from common.contracts.vocabulary import Programme
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from consent.notices import usecases
from consent.notices.rules import NoticeText, written

router = APIRouter(prefix="/v1/notices", tags=["notices"])
officers = Depends(Allow(Role.PRIVACY_OFFICER))
Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
LANGUAGE = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


class NoticeIn(BaseModel):
    """The exact text, as it will be shown."""

    model_config = ConfigDict(extra="forbid")

    programme: Programme
    version: StructuredText = Field(pattern="^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$")
    language: StructuredText = Field(pattern=LANGUAGE, max_length=35)
    text: StructuredText = Field(min_length=200, max_length=20_000)
    effective_from: AwareDatetime


class NoticeOut(BaseModel):
    programme: Programme
    version: str
    language: str
    text: str
    digest: str
    """SHA-256 of the text's UTF-8 bytes, in hex: what a decision names."""
    effective_from: datetime
    withdrawn_at: datetime | None


class Notices(BaseModel):
    items: list[NoticeOut]


def _out(notice: NoticeText) -> NoticeOut:
    n = notice
    return NoticeOut(
        programme=n.programme,
        version=n.version,
        language=n.language,
        text=n.text,
        digest=n.digest,
        effective_from=n.effective_from,
        withdrawn_at=n.withdrawn_at,
    )


@router.get("", operation_id="listNotices", dependencies=[anyone], responses=problems())
async def list_notices(
    db: Db,
    now: Now,
    programme: Programme | None = None,
    language: Annotated[StructuredText | None, Query(pattern=LANGUAGE, max_length=35)] = None,
) -> Notices:
    """Those that can be decided on now, the newest of each programme first."""
    return Notices(items=[_out(notice) for notice in await usecases.effective_notices(db, now, programme, language)])


@router.get("/{digest}", operation_id="readNotice", dependencies=[anyone], responses=problems("not_found"))
async def read_notice(db: Db, digest: Digest) -> NoticeOut:
    """The exact text that a receipt names, for ever, withdrawn or not."""
    return _out(await usecases.read_notice(db, digest))


@router.post("", status_code=201, operation_id="publishNotice", dependencies=[officers], responses=problems("already_exists"))
async def publish_notice(db: Db, body: NoticeIn) -> NoticeOut:
    return _out(await usecases.publish_notice(db, written(**dict(body))))


@router.post("/{digest}/withdrawal", operation_id="withdrawNotice", dependencies=[officers], responses=problems("not_found"))
async def withdraw_notice(db: Db, digest: Digest, now: Now) -> NoticeOut:
    """From now on it cannot be decided on. What was decided on it stands."""
    return _out(await usecases.withdraw_notice(db, digest, now))
