"""Granting access tokens to recipients, and knowing them again."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from common.auth import Principal, Role, Verifier
from common.db import Database
from common.problems import Problem
from reporting.authorization.rules import ALGORITHMS, TOKEN_SECONDS, granted
from reporting.recipients import tables as recipients
from reporting.recipients.rules import Registration

PREFIX = "ccr_"
"""Our own tokens; all others are the identity provider's."""
GRANT = "insert into access_token (digest, recipient_id, scopes, purpose, expires_at) values ($1, $2, $3, $4, $5)"
FIND = """
select recipient_id, scopes, purpose, extract(epoch from expires_at)::float8 as expires_at
  from access_token where digest = $1 and expires_at > clock_timestamp()"""


@dataclass(frozen=True, slots=True)
class Grant:
    token: str
    scopes: tuple[str, ...]
    purpose: str


async def grant_token(db: Database, http: httpx.AsyncClient, url: str, assertion: str, scope: str, now: datetime) -> Grant:
    """`url`: of the token endpoint, which the assertion is made for. Raises Problem (`invalid_client`, `invalid_scope`)."""
    registration = await _asserted(db, http, url, assertion, now)
    grant = Grant(PREFIX + secrets.token_urlsafe(32), granted(scope, registration.scopes), registration.purpose)
    async with db.begin_event() as tx:
        until = now + timedelta(seconds=TOKEN_SECONDS)
        await tx.execute(GRANT, digest_of(grant.token), registration.recipient_id, list(grant.scopes), grant.purpose, until)
    return grant


async def _asserted(db: Database, http: httpx.AsyncClient, url: str, assertion: str, now: datetime) -> Registration:
    refused = Problem("invalid_client", "The client assertion is not one of a registered recipient.")
    try:
        said = json.loads(_middle_of(assertion))["sub"]
        async with db.pool.acquire() as tx:
            registration = await recipients.of_smart_client(tx, str(said))
        if registration is None:
            raise refused
        keys = KeySet.import_key_set(registration.jwks or (await http.get(str(registration.jwks_url))).json())
        decoded = jwt.decode(assertion, keys, algorithms=ALGORITHMS)
        client = {"essential": True, "value": registration.smart_client_id}
        jwt.JWTClaimsRegistry(
            iss=client, sub=client, aud={"essential": True, "value": url}, exp={"essential": True}, jti={"essential": True}
        ).validate(decoded.claims)
    except (JoseError, ValueError, KeyError, TypeError, httpx.HTTPError) as error:
        raise refused from error
    return registration


def _middle_of(assertion: str) -> bytes:
    from base64 import urlsafe_b64decode

    middle = assertion.split(".")[1]
    return urlsafe_b64decode(middle + "=" * (-len(middle) % 4))


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class PartnerVerifier:
    """Recipients' tokens are looked up, so that they can be ended at once; all others go to the identity provider's keys."""

    def __init__(self, db: Database, others: Verifier) -> None:
        self._db, self._others = db, others

    async def principal(self, token: str) -> Principal:
        if not token.startswith(PREFIX):
            return await self._others.principal(token)
        row = await self._db.pool.fetchrow(FIND, digest_of(token))
        if row is None:
            raise Problem("invalid_token", "The access token is over, or none of ours.", headers={"www-authenticate": "Bearer"})
        return Principal(row["recipient_id"], Role.PLAN, row["expires_at"], frozenset(row["scopes"]), row["purpose"])
