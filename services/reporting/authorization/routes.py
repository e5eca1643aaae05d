"""SMART Backend Services: discovery and the token endpoint, for recipients of individual data."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from common.auth import anyone
from common.edge import Db, Now
from common.http import of_validation
from common.never_kept import StructuredText
from common.problems import Problem
from reporting.authorization import usecases
from reporting.authorization.rules import ALGORITHMS, ASSERTION_TYPE, EVERY, RECALLS, TOKEN_SECONDS
from reporting.authorization.usecases import Asked
from reporting.resources.expressions import TYPES

TOKEN_PATH = "/v1/oauth2/token"
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
"""RFC 6749, 5.1."""


class AnswersOfOAuth(APIRoute):
    """Errors as RFC 6749, 5.2 has them, with our own fields beside: clients of OAuth read no problem+json."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return _error(of_validation(error))
            except Problem as problem:
                return _error(problem)

        return answered


def _error(problem: Problem) -> JSONResponse:
    """5.2: 400 for all but a client that is not authenticated."""
    status = 401 if problem.code == "invalid_client" else 400
    error = problem.code if problem.code in OAUTH_ERRORS else OTHERS.get(problem.code, "invalid_request")
    body = problem.body() | {"status": status, "error": error, "error_description": problem.detail}
    return JSONResponse(body, status, problem.headers | NO_STORE)


OAUTH_ERRORS = ("invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type", "unauthorized_client")
OTHERS = {"contract_not_valid": "unauthorized_client"}
ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["error", "error_description", "code", "detail"],
    "properties": {
        "error": {"type": "string", "enum": list(OAUTH_ERRORS)},
        "error_description": {"type": "string"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "rule": {"type": "string"},
    },
}
ERROR = {"content": {"application/json": {"schema": ERROR_SCHEMA}}}
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "invalid_request, invalid_scope, unsupported_grant_type, unauthorized_client"} | ERROR,
    401: {"description": "invalid_client"} | ERROR,
}
router = APIRouter(tags=["authorization"], dependencies=[anyone], route_class=AnswersOfOAuth)


class TokenOut(BaseModel):
    access_token: str
    token_type: str = "bearer"
    expires_in: int = TOKEN_SECONDS
    scope: str
    purpose: str
    """C5: what the data may be used for."""


@router.get("/fhir/.well-known/smart-configuration", operation_id="readSmartConfiguration")
async def read_smart_configuration(request: Request) -> dict[str, Any]:
    """SMART App Launch 2.2, discovery."""
    return {
        "token_endpoint": _token_url(request),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": [EVERY, *(f"system/{kind}.rs" for kind in TYPES), RECALLS],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        # The profile wants it of everybody, also where no flow has a code.
        "code_challenge_methods_supported": ["S256"],
    }


@router.post(TOKEN_PATH, operation_id="grantToken", responses=ERRORS)
async def grant_token(
    request: Request,
    response: Response,
    db: Db,
    now: Now,
    grant_type: Annotated[StructuredText, Form(max_length=100)],
    client_assertion_type: Annotated[StructuredText, Form(max_length=100)],
    client_assertion: Annotated[StructuredText, Form(max_length=8000)],
    scope: Annotated[StructuredText, Form(max_length=4000)] = EVERY,
    purpose: Annotated[StructuredText | None, Form(max_length=100)] = None,
) -> TokenOut:
    """An access token of five minutes for a signed assertion (RFC 7523), which is taken once."""
    if grant_type != "client_credentials":
        raise Problem("unsupported_grant_type", "grant_type is client_credentials.", field="grant_type")
    if client_assertion_type != ASSERTION_TYPE:
        raise Problem("invalid_client", f"client_assertion_type is {ASSERTION_TYPE}.", field="client_assertion_type")
    asked = Asked(client_assertion, scope, purpose, _token_url(request))
    grant = await usecases.grant_token(db, request.app.state.http, asked, now)
    response.headers.update(NO_STORE)
    return TokenOut(access_token=grant.token, scope=" ".join(grant.scopes), purpose=grant.purpose)


def _token_url(request: Request) -> str:
    return str(request.app.state.settings.public_url) + TOKEN_PATH
