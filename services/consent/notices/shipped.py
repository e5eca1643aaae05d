"""The texts that come with the product, as files in `texts/`: read once at start. A customer's own are published over HTTP."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from common.contracts.vocabulary import Programme
from consent.notices.rules import NoticeText, written

TEXTS = Path(__file__).parent / "texts"


@cache
def shipped() -> Sequence[NoticeText]:
    return [_read(item) for item in json.loads((TEXTS / "index.json").read_text(encoding="utf-8"))]


def _read(item: dict[str, Any]) -> NoticeText:
    withdrawn_at = item.get("withdrawn_at")
    return written(
        programme=Programme(item["programme"]),
        version=item["version"],
        language=item["language"],
        text=(TEXTS / item["file"]).read_text(encoding="utf-8"),
        effective_from=datetime.fromisoformat(item["effective_from"]),
        withdrawn_at=datetime.fromisoformat(withdrawn_at) if withdrawn_at else None,
    )
