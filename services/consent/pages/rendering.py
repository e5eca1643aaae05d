"""Server-rendered pages: templates that need no script, one small style sheet, and no build chain."""

from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """The templates, read once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    def render(self, request: Request, template: str, **shown: object) -> HTMLResponse:
        return HTMLResponse(self._environment.get_template(template).render(request=request, **shown))
