"""Server-rendered pages: templates that need no script, one small style sheet that stands in the page, and no build chain."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from common.pages.language import LANGUAGES, Texts, language_of

FOLDER = Path(__file__).parent
STYLE = (FOLDER / "pages.css").read_text(encoding="utf-8")

HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Site:
    """A service's pages: where their templates and texts stand, and what their sessions and forms are checked against."""

    folder: Path
    areas: Sequence[str]
    """The first parts of paths, each with a session of its own."""
    public_url: str
    form_key: str
    """Keys the tokens of forms; the same for all instances of the service."""
    portals: Sequence[str]
    """Origins that may open a session; empty: not looked at."""
    cookie_secure: bool

    def area_of(self, path: str) -> str | None:
        """None for a page that has no session."""
        first = "/" + path.split("/")[1]
        return first if first in self.areas else None


class Pages:
    """The templates and texts, read once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._texts = {language: Texts.read(site.folder / "texts", language) for language in LANGUAGES}
        self._environment = Environment(
            loader=FileSystemLoader([site.folder / "templates", FOLDER / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["style"] = Markup(STYLE)

    def texts(self, request: Request) -> Texts:
        return self._texts[language_of(request)]

    def html(self, request: Request, template: str, **shown: object) -> str:
        t = self.texts(request)
        path = request.url.path

        def url(to: str, **query: str) -> str:
            return f"{to}?{urlencode({'lang': t.language, **query})}"

        area = self.site.area_of(path)
        base: dict[str, object] = {"t": t, "url": url, "here": path, "languages": LANGUAGES, "csrf": None, "area": area}
        return self._environment.get_template(template).render(base | shown)

    def render(self, request: Request, template: str, status: int = 200, **shown: object) -> HTMLResponse:
        return HTMLResponse(self.html(request, template, **shown), status, headers={**HEADERS, "content-language": language_of(request)})
