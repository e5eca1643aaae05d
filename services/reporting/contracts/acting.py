"""Who did it: the caller, or the officer for whom a service calls. Pure."""

from uuid import UUID

from common.auth import Principal, Role
from common.problems import Problem


def acting(caller: Principal, named: UUID | None) -> UUID:
    """Raises Problem: a service names the officer, and nobody else speaks for another."""
    if caller.role is Role.SERVICE:
        if named is None:
            raise Problem("invalid_request", "A service says for whom it acts.", field="recorded_by")
        return named
    if named not in (None, caller.id):
        raise Problem("invalid_request", "You act for yourself only.", field="recorded_by")
    return caller.id
