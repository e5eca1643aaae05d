"""Signing in to the pages: the portal posts an access token, a cookie carries it, and it is verified anew at every request.

Nothing is stored here. The cookie goes to one area of the pages only, and the token is good for no longer than its issuer said.
"""

import hashlib
import hmac
import re
import time
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Allow, Principal
from common.pages.language import language_of
from common.pages.rendering import Pages, Site
from common.problems import Problem

COOKIE = "session"
CSRF = "csrf"
SAFE = ("GET", "HEAD")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
LONGEST = 3500
"""Characters. Browsers drop cookies of more than 4096 bytes, name and attributes included."""


class AllowPage(Allow):
    """A page's rule: the roles that may see it, by their session. Whoever posts must have been shown the form by us, in this session."""

    async def __call__(self, request: Request) -> Principal:
        token = request.cookies.get(COOKIE, "")
        principal = await self.holder(request, token)
        if request.method not in SAFE:
            await _check_form(request, token)
        return principal

    async def holder(self, request: Request, token: str) -> Principal:
        """Raises Problem. What is no token is not even looked up."""
        if not _TOKEN.fullmatch(token) or len(token) > LONGEST:
            raise Problem("unauthenticated", "Sign in first.")
        principal: Principal = await request.app.state.verifier.principal(token)
        if principal.role not in self.roles:
            raise Problem("forbidden", f"Not for the role {principal.role}.")
        return principal


class AllowSignIn(AllowPage):
    """The rule of the route that opens a session: the token itself, in the form that the portal posts."""

    async def __call__(self, request: Request) -> Principal:
        site, origin = _site(request), request.headers.get("origin")
        if site.portals and origin is not None and origin not in (*site.portals, origin_of(site.public_url)):
            raise _forged()  # somebody else's token would put what its reader decides on somebody else's record
        return await self.holder(request, await token_in_form(request))


async def token_in_form(request: Request) -> str:
    return await _field(request, "access_token")


def csrf_of(request: Request) -> str:
    """Bound to the session: of use in no other one, and known to nobody who does not see the page."""
    return _csrf_for(_site(request), request.cookies.get(COOKIE, ""))


def _csrf_for(site: Site, token: str) -> str:
    key = hmac.digest(site.form_key.encode(), b"care-connect pages: csrf", hashlib.sha256)
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()


async def _check_form(request: Request, token: str) -> None:
    """Raises Problem."""
    site, origin = _site(request), request.headers.get("origin")
    if origin is not None and origin != origin_of(site.public_url):
        raise _forged()
    sent = await _field(request, CSRF)
    if not hmac.compare_digest(sent.encode(), _csrf_for(site, token).encode()):
        raise _forged()


def _site(request: Request) -> Site:
    pages: Pages = request.app.state.pages
    return pages.site


def _forged() -> Problem:
    return Problem("forbidden", "The form did not come from a page of this session.", field="form")


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _field(request: Request, name: str) -> str:
    value = (await request.form()).get(name)
    return value if isinstance(value, str) else ""


async def sign_in(request: Request, principal: Principal, area: str) -> Response:
    """To the page. Where another site posted, by a link: a browser sends a strict cookie with no redirect of another site's making."""
    home = f"{area}?lang={language_of(request)}"
    crossed = request.headers.get("sec-fetch-site") == "cross-site"
    pages = request.app.state.pages
    response: Response = pages.render(request, "signed_in.html", home=home, area=area) if crossed else RedirectResponse(home, 303)
    response.set_cookie(
        COOKIE,
        await token_in_form(request),
        max_age=max(int(principal.expires_at - time.time()), 1),
        path=area,
        secure=_site(request).cookie_secure,
        httponly=True,
        samesite="strict",
    )
    return response


def sign_out(request: Request, area: str) -> Response:
    response: Response = request.app.state.pages.render(request, "signed_out.html", here=area)
    response.delete_cookie(COOKIE, path=area, secure=_site(request).cookie_secure, httponly=True, samesite="strict")
    return response
