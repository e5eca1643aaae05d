"""The signed link in mails by which somebody opts out with one click, without a login (RFC 8058). It can do nothing else. Pure."""

from typing import Any
from uuid import UUID

from common.contracts.vocabulary import Programme
from common.problems import Problem

LINK_TYPE = "opt-out-link+jwt"
"""Of its own, so that no other signed thing of ours is taken for a link, and a link for nothing else."""


def claims_of(client_id: UUID, programme: Programme | None) -> dict[str, Any]:
    """No expiry: a mail is found years later, and opting out is never too late."""
    return {"client_id": str(client_id), "programme": programme}


def read_claims(claims: dict[str, Any]) -> tuple[UUID, list[Programme]]:
    """The client, and the programmes: all of them where the link names none."""
    try:
        programme = claims["programme"]
        return UUID(claims["client_id"]), [Programme(programme)] if programme else list(Programme)
    except (KeyError, ValueError, TypeError) as error:
        raise no_link() from error


def no_link() -> Problem:
    return Problem("invalid_link", "This link is not one of ours. To opt out, use the portal or write to us.", rule="C4")


def headers_of(url: str, mail_address: str) -> dict[str, str]:
    """RFC 8058, 3.1. The sender's DKIM signature must cover both."""
    return {
        "List-Unsubscribe": f"<{url}>, <mailto:{mail_address}?subject=opt%20out>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
