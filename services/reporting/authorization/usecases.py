"""Granting access tokens to recipients, and knowing them again."""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from common.auth import Principal, Role, Verifier
from common.db import Connection, Database
from common.problems import Problem
from reporting.authorization.keys import imported, named, published_key
from reporting.authorization.rules import (
    ALGORITHMS,
    RECALLS,
    REMEMBERED,
    TOKEN_SECONDS,
    check_claims,
    check_header,
    check_purpose,
    granted,
    printable,
)
from reporting.contracts import tables as contracts
from reporting.contracts.rules import not_valid
from reporting.recipients import tables as recipients
from reporting.recipients.rules import Registration

PREFIX = "ccr_"
"""Our own tokens; all others are the identity provider's."""

# Two grants at once must not wait for each other's rows in opposite order, so whatever another one holds is left to it.
FORGET_ASSERTIONS = """
delete from used_assertion where (smart_client_id, jti) in (
  select smart_client_id, jti from used_assertion where smart_client_id = $1 and expires_at < clock_timestamp() for update skip locked)"""
FORGET_TOKENS = """
delete from access_token where digest in (
  select digest from access_token where recipient_id = $1 and expires_at < clock_timestamp() for update skip locked)"""
USE = """
insert into used_assertion (smart_client_id, jti, expires_at) values ($1, $2, to_timestamp($3)) on conflict do nothing returning jti"""
GRANT = """
insert into access_token (digest, recipient_id, scopes, purpose, expires_at)
values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))"""
FIND = """
select recipient_id, scopes, purpose, extract(epoch from expires_at)::float8 as expires_at
  from access_token where digest = $1 and expires_at > clock_timestamp()"""


@dataclass(frozen=True, slots=True)
class Asked:
    """`purpose`: None where nothing is said of it. `url`: of the token endpoint, which the assertion is made for."""

    assertion: str
    scope: str
    purpose: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Grant:
    token: str
    scopes: tuple[str, ...]
    purpose: str


async def grant_token(db: Database, http: httpx.AsyncClient, asked: Asked, now: datetime) -> Grant:
    """Raises Problem (`invalid_client`, `invalid_scope`, `contract_not_valid`). `now`: by which contracts are judged.

    Assertions and tokens are judged by the real time, also where the local stack's clock is moved: those who sign have no other.
    """
    registration, claims = await _signed(db, http, asked.assertion)
    jti, ends = check_claims(claims, registration.smart_client_id, asked.url, time.time())
    for stated in (claims.get("purpose"), asked.purpose):
        check_purpose(stated, registration.purpose)
    grant = Grant(PREFIX + secrets.token_urlsafe(32), granted(asked.scope, registration.scopes), registration.purpose)
    async with db.begin_event() as tx:
        await contracts.enter(tx, registration.recipient_id)
        await _use(tx, registration, jti, ends)
        if grant.scopes != (RECALLS,) and await contracts.in_force(tx, registration.recipient_id, now, now) is None:
            raise not_valid()
        await tx.execute(FORGET_TOKENS, registration.recipient_id)
        await tx.execute(GRANT, digest_of(grant.token), registration.recipient_id, list(grant.scopes), grant.purpose, TOKEN_SECONDS)
    return grant


async def _use(tx: Connection, registration: Registration, jti: str, ends: float) -> None:
    """Once only. Whoever changes the registration ends all tokens of before: none comes after that from keys or scopes of before."""
    if await recipients.held(tx, registration.recipient_id) != registration:
        raise _refused()
    client = registration.smart_client_id
    await tx.execute(FORGET_ASSERTIONS, client)
    if await tx.fetchval(USE, client, jti, ends + REMEMBERED) is None:
        raise Problem("invalid_client", "The client assertion is refused: it was used before.", field="jti")


async def _signed(db: Database, http: httpx.AsyncClient, assertion: str) -> tuple[Registration, Mapping[str, Any]]:
    """Whoever is not registered and whoever signs wrongly are told the same. Raises Problem."""
    try:
        unread = jws.extract_compact(assertion.encode("ascii"))
        kid, client = check_header(unread.headers()), printable(json.loads(unread.payload)["sub"])
        async with db.pool.acquire() as tx:
            registration = await recipients.of_smart_client(tx, client)
        key = await _key(http, registration, kid) if registration else None
        if registration is None or key is None:
            raise _refused()
        return registration, jwt.decode(assertion, key, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused() from error


def _refused() -> Problem:
    return Problem("invalid_client", "The client assertion is not one of a registered recipient.")


async def _key(http: httpx.AsyncClient, registration: Registration, kid: str) -> Key | None:
    if registration.jwks is not None:
        return named(imported(registration.jwks), kid)
    return await published_key(http, str(registration.jwks_url), kid)


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
