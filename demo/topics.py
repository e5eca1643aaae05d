"""What the plan reads on its own topics about one person: the state under a token, the tombstone that ends it, and what it is told."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from demo.partner import Partner
from demo.race_topics import Topics
from demo.system import System

Line = tuple[str, str, str]
"""Topic, key, what it says."""
TOMBSTONE = "null (a tombstone)"


async def read_about(system: System, plan: Partner, token: str, recall_id: str) -> list[Line]:
    """In the order in which the broker got them. They are there: the opt-out was answered after they had been acknowledged."""
    topics = Topics(system.bootstrap, plan.slug, "")
    await topics.read_to_the_end()
    about = [record for record in topics.seen.values() if record.key.decode() in (token, recall_id)]
    return [(r.topic, r.key.decode(), _said(r.value)) for r in sorted(about, key=lambda r: (r.timestamp, r.offset))]


def _said(value: bytes | None) -> str:
    """A state by what is in it; a notice as it is."""
    if value is None:
        return TOMBSTONE
    found: dict[str, Any] = json.loads(value)
    return f"Bundle: {', '.join(_contents(found))}" if "entry" in found else value.decode()


def _contents(bundle: dict[str, Any]) -> Iterator[str]:
    for kind, count in sorted(Counter(entry["resource"]["resourceType"] for entry in bundle["entry"]).items()):
        yield f"{count} {kind}"
