"""SMART Backend Services (SMART App Launch 2.2): what an assertion must say, and which scopes a token may have. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from common.contracts.vocabulary import Purpose
from common.problems import Problem

TOKEN_SECONDS = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")
"""Those that the profile asks for; neither `none` nor a shared secret."""
LONGEST = 300
"""Seconds that an assertion may be good for."""
LEEWAY = 10
"""Seconds that the two clocks may differ by."""
REMEMBERED = 60
"""Seconds that a used assertion is remembered longer: it is checked by this process' clock and forgotten by the database's."""
EVERY = "system/*.rs"
RECALLS = "recalls"
"""Reading and answering recalls, no more: granted without a contract, for what was received before is still to be deleted (C14)."""
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,60})\.(rs|read)")
LONGEST_JTI = 255


def granted(asked: str, registered: Collection[str]) -> tuple[str, ...]:
    """Of the scopes asked for, those that are registered, as of version 2; the others are left out, as RFC 6749 lets us. `system/*.rs`
    asks for all that is registered, and registered it covers every type. Raises Problem (`invalid_scope`) where none is left."""
    if asked.split() == [RECALLS]:
        return (RECALLS,)
    kept: list[str] = []
    for scope in map(_of_version_2, asked.split()):
        if scope == EVERY:
            kept += registered
        elif scope and (scope in registered or EVERY in registered):
            kept.append(scope)
    if not kept:
        raise Problem("invalid_scope", "None of these scopes is registered.", field="scope")
    return tuple(dict.fromkeys(kept))


def _of_version_2(scope: str) -> str | None:
    """None: none of ours. `system/X.read` is what version 1 called `system/X.rs`."""
    found = _SCOPE.fullmatch(scope)
    return f"system/{found[1]}.rs" if found else None


def require_scopes(scopes: Collection[str], purpose: str | None) -> None:
    """Raises Problem where the token is none for individual data: the identity provider's have neither scopes nor a purpose (C5)."""
    if not set(scopes) - {RECALLS} or purpose is None:
        raise Problem(
            "insufficient_scope",
            "Individual data is given for an access token of our own token endpoint only, which states its purpose.",
            rule="C5",
            headers=CHALLENGE,
        )


CHALLENGE = {"www-authenticate": 'Bearer realm="care-connect", error="insufficient_scope"'}


def check_covers(scopes: Collection[str], types: Collection[str]) -> None:
    """Raises Problem where the token lets its holder read less than that."""
    if EVERY in scopes:
        return
    missing = [kind for kind in types if f"system/{kind}.rs" not in scopes]
    if missing:
        raise Problem("insufficient_scope", "The access token does not cover these types.", types=missing, headers=CHALLENGE)


def check_header(header: Mapping[str, Any]) -> str:
    """The id of the key that it says it was signed with. Raises ValueError."""
    kid = header.get("kid")
    if header.get("alg") not in ALGORITHMS or not isinstance(kid, str) or not kid or str(header.get("typ", "JWT")).upper() != "JWT":
        raise ValueError("not an assertion of the profile")
    return kid


def printable(said: object) -> str:
    """A text that a database can look for. Raises ValueError."""
    if not isinstance(said, str) or not said.isprintable():
        raise ValueError("no text")
    return said


def check_claims(claims: Mapping[str, Any], client: str, audience: str, now: float) -> tuple[str, float]:
    """Its `jti` and when it ends, in seconds as `now`. Raises Problem (`invalid_client`): who asks has shown who it is by then."""
    ends, jti, meant_for = claims.get("exp"), claims.get("jti"), claims.get("aud")
    if claims.get("iss") != client or claims.get("sub") != client:
        raise _refused("iss and sub are both the client id.", "iss")
    if audience not in (meant_for if isinstance(meant_for, list) else [meant_for]):
        raise _refused("aud is the address of this token endpoint.", "aud")
    if not isinstance(jti, str) or not jti.isprintable() or not 0 < len(jti) <= LONGEST_JTI:
        raise _refused(f"jti is a text of 1 to {LONGEST_JTI} characters.", "jti")
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not now - LEEWAY < ends <= now + LONGEST + LEEWAY:
        raise _refused("exp is a time in the future, at most five minutes ahead.", "exp")
    starts = claims.get("nbf", 0)
    if isinstance(starts, bool) or not isinstance(starts, int | float) or not starts <= now + LEEWAY:
        raise _refused("nbf is not yet reached.", "nbf")
    return jti, float(ends)


def _refused(detail: str, field: str) -> Problem:
    return Problem("invalid_client", f"The client assertion is refused: {detail}", field=field)


def check_purpose(stated: object, registered: Purpose) -> None:
    """C5: nothing needs to be said of the purpose, for it is registered; what is said must be that. Raises Problem."""
    if stated is not None and stated != registered:
        raise Problem("invalid_scope", "Individual data is given for the registered purpose only.", field="purpose", rule="C5")
