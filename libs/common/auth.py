"""Who is calling, and who may: OAuth 2 bearer tokens (RFC 9068 access tokens, keys by JWKS), one stated rule a route.

`Allow` is a route's rule. A route without one fails a test.
"""

import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import httpx
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from common.problems import Problem

ALGORITHMS = ["ES256", "RS256", "EdDSA"]
LEEWAY = 10
CACHED_TOKENS = 10_000


class Role(StrEnum):
    CLIENT = "client"
    PROVIDER = "provider"
    EMPLOYER = "employer"
    PLAN = "plan"
    PRIVACY_OFFICER = "privacy_officer"
    OPERATIONS = "operations"
    CLIENT_MATCHING = "client_matching"
    """The team that finds another provider for a client (S10)."""
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller. `id` is the client, provider, employer or plan itself where the role is one of these."""

    id: UUID
    role: Role
    expires_at: float
    scopes: frozenset[str] = frozenset()
    """SMART scopes; only a recipient's own tokens have some."""
    purpose: str | None = None
    """C5: what for, where the token is for individual data."""

    @property
    def name(self) -> str:
        return f"{self.role}:{self.id}"

    def own(self, role: Role, owner: UUID) -> None:
        """A caller of this role reaches only what is theirs; of somebody else's it is not even said that it exists."""
        if self.role is role and self.id != owner:
            raise Problem("not_found", "There is nothing here that you may see.")


class Verifier:
    """Verifies tokens. Keys are fetched when first needed, and again for an unknown key, at most every ten seconds."""

    def __init__(self, http: httpx.AsyncClient, jwks_url: str, issuer: str, audience: str) -> None:
        self._http, self._jwks_url = http, jwks_url
        self._claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._keys: KeySet | None = None
        self._fetched_at = 0.0
        self._known: OrderedDict[bytes, Principal] = OrderedDict()

    async def principal(self, token: str) -> Principal:
        """Raises Problem. A verified token is remembered by its digest until it ends."""
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known and known.expires_at > time.time():
            return known
        principal = await self._verify(token)
        self._known[digest] = principal
        if len(self._known) > CACHED_TOKENS:
            self._known.popitem(last=False)
        return principal

    async def _verify(self, token: str) -> Principal:
        try:
            decoded = self._decode(token, await self._key_set(fresh=False))
        except (JoseError, ValueError):
            decoded = None
        if decoded is None:
            try:
                decoded = self._decode(token, await self._key_set(fresh=True))
            except (JoseError, ValueError) as error:
                raise Problem("invalid_token", "The bearer token is malformed or not valid here.", headers=CHALLENGE) from error
        return decoded

    def _decode(self, token: str, keys: KeySet) -> Principal:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        if decoded.header.get("typ") != "at+jwt":  # RFC 9068, 2.1: an id token is no access token
            raise ValueError("not an access token")
        self._claims.validate(decoded.claims)
        return Principal(UUID(str(decoded.claims["sub"])), Role(str(decoded.claims.get("role"))), float(decoded.claims["exp"]))

    async def _key_set(self, *, fresh: bool) -> KeySet:
        stale = fresh and time.monotonic() - self._fetched_at > 10
        if self._keys is None or stale:
            try:
                answer = await self._http.get(self._jwks_url)
                answer.raise_for_status()
                self._keys = KeySet.import_key_set(answer.json())
            except httpx.HTTPError as error:
                if self._keys is None:
                    raise Problem("temporarily_unavailable", "The token issuer's keys cannot be read.") from error
            self._fetched_at = time.monotonic()
        return self._keys


CHALLENGE = {"www-authenticate": 'Bearer realm="care-connect"'}


class Allow:
    """A route's rule: the roles that may call it. None given: anybody, without a token."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Principal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem("unauthenticated", "A bearer token is needed.", headers=CHALLENGE)
        verifier: Verifier = request.app.state.verifier
        principal = await verifier.principal(token.strip())
        if principal.role not in self.roles:
            raise Problem("forbidden", f"Not for the role {principal.role}.")
        return principal


class Public(Allow):
    """Anybody may call it: health, metrics, the notice texts."""

    def __init__(self) -> None:
        super().__init__()

    async def __call__(self, request: Request) -> Principal:  # the answer is never used
        return Principal(UUID(int=0), Role.CLIENT, 0)


anyone = Depends(Public())
