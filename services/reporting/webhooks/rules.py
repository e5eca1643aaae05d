"""What a webhook says, what an answer to it means, and when it is tried again. Pure.

Standard Webhooks 1.0 (https://www.standardwebhooks.com): a thin payload. It names the recall, or the correction, and where to read it; what
is in it is had there, with the recipient's own token, so that nothing about a client passes through whatever stands before an endpoint.
"""

import json
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from uuid import UUID


class Kind(StrEnum):
    RECALL_REQUESTED = "recall_requested"
    RECALL_OVERDUE = "recall_overdue"
    DATA_CORRECTED = "data_corrected"


class Verdict(StrEnum):
    DELIVERED = "delivered"
    AGAIN = "again"
    GIVEN_UP = "given_up"


SECONDS, MINUTES, HOURS = 1, 60, 3600
RETRY_AFTER = (5 * SECONDS, 5 * MINUTES, 30 * MINUTES, 2 * HOURS, 5 * HOURS, 10 * HOURS, 14 * HOURS, 20 * HOURS, 24 * HOURS)
"""Seconds from one attempt to the next, as the standard proposes: three days and a quarter in all."""
GONE = 410
"""The endpoint will not take it, ever."""
NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are an IPv4 address."""


def address_of(kind: Kind, about: UUID, public_url: str) -> str:
    """Where the recall or the correction is read."""
    return f"{public_url}/v1/{'data-corrections' if kind is Kind.DATA_CORRECTED else 'recalls'}/{about}"


def payload_of(kind: Kind, at: datetime, about: UUID, url: str) -> str:
    """The same to the byte at every attempt. `at`: when there was something to tell."""
    name = "correction_id" if kind is Kind.DATA_CORRECTED else "recall_id"
    said = {"type": kind.replace("_", "."), "timestamp": at.isoformat(), "data": {name: str(about), "url": url}}
    return json.dumps(said, separators=(",", ":"))


def verdict_on(status: int | None, attempts: int) -> Verdict:
    """`status`: of the answer; none where there was none in time. A redirection is no answer: it is not followed."""
    if status is not None and 200 <= status < 300:
        return Verdict.DELIVERED
    return Verdict.GIVEN_UP if status == GONE or attempts > len(RETRY_AFTER) else Verdict.AGAIN


def pause_after(attempts: int, chance: float) -> float:
    """Seconds. Up to a tenth more, by `chance` (0 to 1), so that what failed together does not come back together."""
    return RETRY_AFTER[attempts - 1] * (1 + chance / 10)


def is_public(address: str) -> bool:
    """Whether it is out on the internet: not this machine, not its neighbours, not the metadata service of a cloud."""
    found = ip_address(address.partition("%")[0])
    inner = _within(found) if isinstance(found, IPv6Address) else None
    return found.is_global and not found.is_multicast if inner is None else is_public(str(inner))


def _within(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
