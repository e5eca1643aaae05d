"""The HTTP edge: errors as problem+json (under `/fhir` as OperationOutcome), size limit, trace context, metrics, ETag and If-Match.

Middlewares are plain ASGI: streamed downloads pass through them untouched.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.db import DOWN
from common.metrics import Metrics
from common.never_kept import mask_ssns
from common.problems import STATUS, Problem
from common.tracing import TRACEPARENT, child_of
from common.turns import Turns

log = logging.getLogger(__name__)

InTurns = Callable[[Scope], bool]
"""Whether a request takes its turn, for others that must not wait behind it."""

BY_STATUS = {404: "not_found", 405: "method_not_allowed", 400: "malformed_json"}


FHIR = "/fhir/"
FHIR_JSON = "application/fhir+json"
ISSUES = {401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported", 409: "conflict"} | {
    410: "deleted", 412: "conflict", 413: "too-long", 429: "throttled", 500: "exception", 503: "transient"
}  # fmt: skip
"""From status to the IssueType of FHIR R4; all others are `invalid`."""


def render(problem: Problem, path: str) -> JSONResponse:
    if path.startswith(FHIR):
        return JSONResponse(operation_outcome(problem), problem.status, problem.headers, media_type=FHIR_JSON)
    return JSONResponse(problem.body(), problem.status, problem.headers, media_type="application/problem+json")


def operation_outcome(problem: Problem) -> dict[str, Any]:
    """FHIR R4: our own code is the first coding of the details, the rule that it is about the second."""
    codings = [{"system": "urn:care-connect:problem", "code": problem.code}]
    if rule := problem.extra.get("rule"):
        codings.append({"system": "urn:care-connect:rule", "code": str(rule)})
    issue: dict[str, Any] = {
        "severity": "error",
        "code": "not-supported" if problem.code == "not_supported" else ISSUES.get(problem.status, "invalid"),
        "details": {"coding": codings},
        "diagnostics": problem.detail,
    }
    if field := problem.extra.get("field"):
        issue["expression"] = [f"http.{field}"]
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def of_validation(error: RequestValidationError) -> Problem:
    """Names the fields; never echoes what was sent (C13)."""
    errors = error.errors()
    found = [{"pointer": mask_ssns("/" + "/".join(map(str, e["loc"]))), "message": e["msg"]} for e in errors]
    if any(e["type"] == "json_invalid" for e in errors):
        return Problem("malformed_json", "The body is not JSON.")
    for pointed, e in zip(found, errors, strict=True):
        if e["type"] == "ssn_refused":
            return Problem("ssn_refused", e["msg"], field=pointed["pointer"], rule="C13")
    return Problem("invalid_request", "The request does not have the form that this route takes.", field=found[0]["pointer"], errors=found)


def add_error_handlers(app: FastAPI) -> None:
    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return render(error, request.url.path)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return render(of_validation(error), request.url.path)

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        if isinstance(error.__cause__, Problem):  # FastAPI wraps whatever comes up while it reads the body
            return render(error.__cause__, request.url.path)
        return render(Problem(BY_STATUS.get(error.status_code, "internal"), str(error.detail)), request.url.path)

    async def on_down(request: Request, error: Exception) -> JSONResponse:
        problem = Problem("temporarily_unavailable", "Try again shortly.", headers={"retry-after": "1"})
        return render(problem, request.url.path)

    async def on_database(request: Request, error: Exception) -> JSONResponse:
        """What SQLAlchemy wraps: a lost connection is no defect, a refused statement is one."""
        assert isinstance(error, DBAPIError)
        if error.connection_invalidated or isinstance(error.orig and error.orig.__cause__, DOWN):
            return await on_down(request, error)
        log.error("a statement was refused", exc_info=error)
        return await on_defect(request, error)

    async def on_defect(request: Request, error: Exception) -> JSONResponse:
        problem = Problem("internal", "This is a defect on our side; nothing was kept of the request.")
        return render(problem, request.url.path)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(Exception, on_defect)
    for kind in DOWN:
        app.add_exception_handler(kind, on_down)


class Edge:
    """Size limit, trace context and metrics around every request. Those that take turns let all others past.

    `body_limits` are those of the paths that take files.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        body_limit: int,
        in_turns: InTurns | None = None,
        body_limits: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.app, self.metrics, self._body_limit, self._body_limits = app, metrics, body_limit, body_limits
        self._in_turns, self._turns = in_turns, Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        traceparent = child_of(headers.get(b"traceparent", b"").decode("latin-1") or None)
        token = TRACEPARENT.set(traceparent)
        started, status = time.perf_counter(), 500
        limit = self._body_limits.get(scope["path"], self._body_limit)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"traceparent", traceparent.encode())]
            await send(message)

        try:
            if int(headers.get(b"content-length", b"0") or 0) > limit:
                await render(_too_large(limit), scope["path"])(scope, receive, answer)
            elif self._in_turns and self._in_turns(scope):
                async with self._turns.taken():
                    await self.app(scope, _limited(receive, limit), answer)
            else:
                if scope["method"] == "POST":
                    self._turns.let_past()
                await self.app(scope, _limited(receive, limit), answer)
        finally:
            TRACEPARENT.reset(token)
            route = getattr(scope.get("route"), "path", "unmatched")
            self.metrics.requests.labels(route, scope["method"], status).observe(time.perf_counter() - started)


def _too_large(limit: int) -> Problem:
    return Problem("body_too_large", f"At most {limit} bytes.", limit=limit)


def _limited(receive: Receive, limit: int) -> Callable[[], Awaitable[Message]]:
    """A body sent in chunks has no length to look at beforehand."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _too_large(limit)
        return message

    return counted


def etag(version: int) -> str:
    return f'"{version}"'


def version_of(if_match: str | None, rule: str | None = None) -> int:
    """The version that a change was made on. Raises Problem where it is missing or none of ours."""
    if if_match is None:
        raise Problem("if_match_missing", "Say with If-Match which version this was decided on.", field="If-Match", rule=rule)
    bare = if_match.removeprefix("W/").strip('"')
    if not bare.isdigit():
        raise Problem("state_changed", "The version is not one of ours.", field="If-Match", rule=rule)
    return int(bare)


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(STATUS)},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "rule": {"type": "string"},
    },
}


OUTCOME_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "FHIR R4 OperationOutcome; details.coding of urn:care-connect:problem is the stable code.",
    "required": ["resourceType", "issue"],
    "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "items": {"type": "object"}}},
}


def problems(*codes: str, fhir: bool = False) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its errors, for the OpenAPI file. `fhir`: of a route under `/fhir`."""
    kind, schema = (FHIR_JSON, OUTCOME_SCHEMA) if fhir else ("application/problem+json", PROBLEM_SCHEMA)
    found: dict[int | str, dict[str, Any]] = {}
    for code in ("unauthenticated", "forbidden", "invalid_request", *codes):
        entry = found.setdefault(STATUS[code], {"description": "", "content": {kind: {"schema": schema}}})
        entry["description"] = ", ".join(filter(None, [entry["description"], code]))
    return found
