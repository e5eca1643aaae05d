"""SMART Backend Services: discovery and the token endpoint, for recipients of individual data."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import JSONResponse

from common.auth import anyone
from common.edge import Db, Now
from common.never_kept import StructuredText
from reporting.authorization import usecases
from reporting.authorization.rules import TOKEN_SECONDS

router = APIRouter(tags=["authorization"], dependencies=[anyone])
TOKEN_PATH = "/v1/oauth2/token"


@router.get("/fhir/.well-known/smart-configuration", operation_id="readSmartConfiguration")
async def read_smart_configuration(request: Request) -> dict[str, Any]:
    """SMART App Launch 2.2, discovery."""
    return {
        "token_endpoint": request.app.state.settings.public_url + TOKEN_PATH,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.rs"],
        "capabilities": ["client-confidential-asymmetric", "permission-v2"],
    }


@router.post(TOKEN_PATH, operation_id="grantToken", response_class=JSONResponse)
async def grant_token(
    request: Request,
    db: Db,
    now: Now,
    grant_type: Annotated[StructuredText, Form(max_length=40)],
    client_assertion_type: Annotated[StructuredText, Form(max_length=100)],
    client_assertion: Annotated[StructuredText, Form(max_length=8000)],
    scope: Annotated[StructuredText, Form(max_length=1000)] = "system/*.rs",
) -> JSONResponse:
    """An access token of five minutes for a signed assertion (RFC 7523)."""
    url = request.app.state.settings.public_url + TOKEN_PATH
    grant = await usecases.grant_token(db, request.app.state.http, url, client_assertion, scope, now)
    body = {
        "access_token": grant.token,
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": " ".join(grant.scopes),
        "purpose": grant.purpose,
    }
    return JSONResponse(body, headers={"cache-control": "no-store"})
