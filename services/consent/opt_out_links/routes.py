"""One-click opt-out links over HTTP. Looking at a link does nothing (mail scanners follow links); posting to it opts out (RFC 8058)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict

from common.auth import Allow, Principal, Role, anyone
from common.contracts.vocabulary import Channel, Programme
from common.edge import Now
from common.http import problems
from common.never_kept import StructuredText
from consent.decisions import usecases
from consent.decisions.rules import Scope, Source
from consent.ledger.signing import Signer
from consent.opt_out_links.rules import LINK_TYPE, claims_of, headers_of, no_link, read_claims
from consent.pages.errors import LinkRoute
from consent.settings import ConsentSettings

router = APIRouter(tags=["opt-out links"], route_class=LinkRoute)
Issuing = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER, Role.SERVICE))]
Token = Annotated[StructuredText, Path(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$", max_length=2000)]


class LinkIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    programme: Programme | None = None
    """Without one the link opts out of all of them."""


class LinkOut(BaseModel):
    url: str
    headers: dict[str, str]
    """For the mail that carries it (RFC 8058)."""


def link_for(signer: Signer, settings: ConsentSettings, client_id: UUID, programme: Programme | None = None) -> LinkOut:
    url = f"{settings.public_url}/opt-out/{signer.sign(LINK_TYPE, claims_of(client_id, programme))}"
    return LinkOut(url=url, headers=headers_of(url, settings.privacy_address))


@router.post("/v1/clients/{client_id}/opt-out-links", status_code=201, operation_id="makeOptOutLink", responses=problems("not_found"))
async def make_opt_out_link(request: Request, caller: Issuing, client_id: UUID, body: LinkIn | None = None) -> LinkOut:
    """For whoever sends mails to clients. Nothing is stored; the link is good for ever and only for opting out."""
    caller.own(Role.CLIENT, client_id)
    return link_for(request.app.state.signer, request.app.state.settings, client_id, body.programme if body else None)


@router.get("/opt-out/{token}", operation_id="showOptOutLink", dependencies=[anyone], response_class=HTMLResponse)
async def show_opt_out_link(request: Request, token: Token) -> Response:
    """A page with one button. It says nothing about anybody."""
    read_claims(_verified(request, token))
    return request.app.state.pages.render(request, "opt_out_link.html")  # type: ignore[no-any-return]


@router.post("/opt-out/{token}", operation_id="optOutByLink", dependencies=[anyone], responses=problems("invalid_link"))
async def opt_out_by_link(request: Request, token: Token, now: Now) -> Response:
    """Takes effect at once, as every opt-out. A mail client posts `List-Unsubscribe=One-Click`, a person presses the page's button."""
    client_id, programmes = read_claims(_verified(request, token))
    scopes = [Scope(client_id, programme) for programme in programmes]
    await usecases.opt_out(request.app.state.book, scopes, Source(Channel.OPT_OUT_LINK), 0, now)
    # RFC 8058, 3.1: no redirect, it has never worked reliably after a POST.
    return request.app.state.pages.render(request, "opt_out_done.html")  # type: ignore[no-any-return]


def _verified(request: Request, token: str) -> dict[str, object]:
    try:
        return request.app.state.signer.verify(LINK_TYPE, token)  # type: ignore[no-any-return]
    except ValueError as error:
        raise no_link() from error
