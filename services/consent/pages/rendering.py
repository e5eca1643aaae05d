"""Server-rendered pages: templates that need no script, one small style sheet that stands in the page, and no build chain."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from consent.pages.language import LANGUAGES, Texts, language_of

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


class Pages:
    """The templates and texts, read once."""

    def __init__(self) -> None:
        self._texts = {language: Texts.read(language) for language in LANGUAGES}
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._environment.globals["style"] = Markup(STYLE)

    def texts(self, request: Request) -> Texts:
        return self._texts[language_of(request)]

    def html(self, request: Request, template: str, **shown: object) -> str:
        t = self.texts(request)
        path = request.url.path

        def url(to: str, **query: str) -> str:
            return f"{to}?{urlencode({'lang': t.language, **query})}"

        base: dict[str, object] = {"t": t, "url": url, "here": path, "languages": LANGUAGES, "csrf": None, "area": area_of(path)}
        return self._environment.get_template(template).render(base | shown)

    def render(self, request: Request, template: str, status: int = 200, **shown: object) -> HTMLResponse:
        return HTMLResponse(self.html(request, template, **shown), status, headers={**HEADERS, "content-language": language_of(request)})


def area_of(path: str) -> str | None:
    """The first part of the path: where a session holds; None for the one-click link, which has none."""
    first = "/" + path.split("/")[1]
    return first if first in ("/my-data-sharing", "/privacy-office") else None
