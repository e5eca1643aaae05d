"""SMART Backend Services (SMART App Launch 2.2): what an assertion must say, and which scopes a token may have. Pure."""

from collections.abc import Collection

from common.auth import Principal
from common.problems import Problem

TOKEN_SECONDS = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS384", "ES384"]
"""Those that the profile asks for."""


def granted(asked: str, registered: Collection[str]) -> tuple[str, ...]:
    """Of the scopes asked for, those that are registered; `system/*.rs` covers every type. Raises Problem where none is left."""
    wanted = asked.split()
    kept = tuple(scope for scope in wanted if scope in registered or (scope.startswith("system/") and "system/*.rs" in registered))
    if not kept:
        raise Problem("invalid_scope", "None of these scopes is registered.", field="scope")
    return kept


def check_covers(principal: Principal, types: Collection[str]) -> None:
    """Raises Problem where the token lets its holder read less than that."""
    if "system/*.rs" in principal.scopes:
        return
    missing = [kind for kind in types if f"system/{kind}.rs" not in principal.scopes]
    if missing:
        raise Problem("insufficient_scope", "The access token does not cover these types.", types=missing)
