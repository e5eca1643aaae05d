"""The current notice texts, for whoever shows them."""

from fastapi import APIRouter
from pydantic import BaseModel

from common.auth import anyone
from consent.notices.rules import current
from consent.notices.texts import NOTICES

router = APIRouter(prefix="/v1/notices", tags=["notices"])


class NoticeOut(BaseModel):
    version: str
    language: str
    text: str
    digest: str


class Notices(BaseModel):
    items: list[NoticeOut]


@router.get("", operation_id="listNotices", dependencies=[anyone])
async def list_notices() -> Notices:
    """C11: a decision names the version and language of what was shown."""
    return Notices(items=[NoticeOut(version=n.version, language=n.language, text=n.text, digest=n.digest) for n in current(NOTICES)])
