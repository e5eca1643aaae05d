"""W3C trace context (`traceparent`): from the HTTP request through journal and Kafka to the handler.

https://www.w3.org/TR/trace-context/ — version 00, one header, malformed values are replaced by a new trace.
"""

import re
import secrets
from contextvars import ContextVar

TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
_VALID = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def child_of(traceparent: str | None) -> str:
    """The same trace with a span of its own, or a new trace."""
    span = secrets.token_hex(8)
    if traceparent and _VALID.fullmatch(traceparent):
        return f"00-{traceparent[3:35]}-{span}-{traceparent[-2:]}"
    return f"00-{secrets.token_hex(16)}-{span}-01"


def trace_id() -> str | None:
    current = TRACEPARENT.get()
    return current[3:35] if current else None
