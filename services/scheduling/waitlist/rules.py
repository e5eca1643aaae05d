"""S12: where the network operates, who waits for it, and that they are told before everybody else. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from common.contracts.scheduling import ClientWaitlisted, WaitlistInvited
from common.problems import Problem
from scheduling.notifications.rules import Notice, Recipient
from scheduling.service_levels.rules import Consequences

HEAD_START = timedelta(hours=24)
"""Between telling those who wait and opening the state to everybody."""


class ServedState(BaseModel):
    """Open to those who were told from `told_at` on, to everybody from `opens_at` on."""

    model_config = ConfigDict(frozen=True)

    state: str
    told_at: datetime
    opens_at: datetime
    told: int
    """How many were waiting."""


class WaitlistEntry(BaseModel):
    model_config = ConfigDict(frozen=True)

    entry_id: UUID
    client_id: UUID
    state: str
    joined_at: datetime
    invited_at: datetime | None = None


def is_served(state: ServedState | None, entry: WaitlistEntry | None, now: datetime) -> bool:
    """For this client: who was told may ask at once."""
    if state is None:
        return False
    return now >= state.opens_at or (entry is not None and entry.invited_at is not None and now >= entry.invited_at)


def join(entry: WaitlistEntry, state: ServedState | None) -> Consequences:
    """Raises Problem where there is nothing to wait for."""
    if state is not None and entry.joined_at >= state.opens_at:
        raise Problem("already_served", "The network operates in this state: ask a provider.", field="state", rule="S12")
    return Consequences((ClientWaitlisted(occurred_at=entry.joined_at, client_id=entry.client_id, state=entry.state),))


def open_state(state: str, waiting: Sequence[WaitlistEntry], now: datetime) -> ServedState:
    return ServedState(state=state, told_at=now, opens_at=now + HEAD_START if waiting else now, told=len(waiting))


def invite(entry: WaitlistEntry, now: datetime) -> Consequences:
    notice = Notice(Recipient("client", entry.client_id), "state_opened_client", f"state_opened:{entry.entry_id}", entry.entry_id)
    return Consequences((WaitlistInvited(occurred_at=now, client_id=entry.client_id, state=entry.state),), notices=(notice,))
