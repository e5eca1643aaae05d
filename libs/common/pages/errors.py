"""Whatever goes wrong on a page is said on a page, in the person's language."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from common.db import DOWN
from common.http import BY_STATUS
from common.pages.rendering import HEADERS
from common.problems import Problem

log = logging.getLogger(__name__)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route whose errors are pages. All of its answers say that nothing is cached, framed, or run."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def page(request: Request) -> Response:
            try:
                response = await handle(request)
            except (Problem, RequestValidationError, HTTPException, DBAPIError, *DOWN) as error:
                if not self.speaks_html(request) or _is_defect(error):
                    raise
                response = error_page(request, problem_of(error))
            response.headers.update(HEADERS)
            return response

        return page

    def speaks_html(self, request: Request) -> bool:
        return True


def _is_defect(error: Exception) -> bool:
    """What SQLAlchemy wraps: a lost connection is none, a refused statement is one."""
    if not isinstance(error, DBAPIError):
        return False
    return not error.connection_invalidated and not isinstance(error.orig and error.orig.__cause__, DOWN)


def problem_of(error: Exception) -> Problem:
    """What was sent is never echoed (C13)."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        kinds = [e["type"] for e in error.errors()]
        in_path = any(e["loc"][0] == "path" for e in error.errors())
        code = "ssn_refused" if "ssn_refused" in kinds else "not_found" if in_path else "invalid_request"
        return Problem(code, "The form was not filled in as it can be.")
    if isinstance(error, HTTPException):
        wrapped = error.__cause__
        return wrapped if isinstance(wrapped, Problem) else Problem(BY_STATUS.get(error.status_code, "invalid_request"), str(error.detail))
    log.warning("a page could not be read", extra={"error": type(error).__name__})
    return Problem("temporarily_unavailable", "Try again shortly.", headers={"retry-after": "1"})


def message_of(problem: Problem) -> str:
    """The key of the text that says it."""
    return f"error.{problem.code}_{problem.extra['field']}" if "field" in problem.extra else f"error.{problem.code}"


def error_page(request: Request, problem: Problem) -> Response:
    pages = request.app.state.pages
    t = pages.texts(request)
    key = next(key for key in (message_of(problem), f"error.{problem.code}", "error.other") if t.has(key))
    shown: Response = pages.render(request, "error.html", problem.status, key=key, code=problem.code)
    return shown
