"""Whose requests and appointments a caller may list."""

from uuid import UUID

from common.auth import Principal, Role


def narrow(caller: Principal, client_id: UUID | None, provider_id: UUID | None) -> tuple[UUID | None, UUID | None]:
    """The filter that was asked for, narrowed to the caller's own. Raises Problem where it names somebody else."""
    if caller.role is Role.CLIENT:
        client_id = client_id or caller.id
        caller.own(Role.CLIENT, client_id)
    if caller.role is Role.PROVIDER:
        provider_id = provider_id or caller.id
        caller.own(Role.PROVIDER, provider_id)
    return client_id, provider_id
