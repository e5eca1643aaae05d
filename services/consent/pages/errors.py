"""Pages that programs read as well."""

from fastapi import Request

from common.pages.errors import PageRoute


class LinkRoute(PageRoute):
    """Pages for people, problem+json for programs: mail programs post to one-click links as well."""

    def speaks_html(self, request: Request) -> bool:
        return "text/html" in request.headers.get("accept", "")
