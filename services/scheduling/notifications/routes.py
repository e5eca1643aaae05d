"""The inbox and the contact over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from common.auth import Allow, Principal, Role
from common.edge import Db, Now
from common.http import problems
from common.never_kept import StructuredText
from common.paging import Cursor, Limit, Page, after, page_of
from common.problems import Problem
from scheduling.notifications import usecases
from scheduling.notifications.inbox import Notification
from scheduling.notifications.rules import TEAMS, Contact, Language, Recipient, RecipientKind, TeamName

router = APIRouter(prefix="/v1", tags=["notifications"])
TheClient = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.OPERATIONS))]
TheProvider = Annotated[Principal, Depends(Allow(Role.PROVIDER, Role.OPERATIONS))]
Operations = Annotated[Principal, Depends(Allow(Role.OPERATIONS))]
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PROVIDER, Role.CLIENT_MATCHING, Role.OPERATIONS))]
OnlyUnread = Annotated[bool, Query(description="Only what was not read yet.")]
KINDS: dict[Role, RecipientKind] = {Role.CLIENT: "client", Role.PROVIDER: "provider"}


class ContactIn(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"email": "jane@example.com", "language": "en"}})

    email: StructuredText = Field(pattern=r"^[!-;=?A-~]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}$", max_length=254)
    """As the portal has verified it."""
    language: Language


def inbox_of(caller: Principal, team: TeamName = "matching") -> Recipient:
    """Whoever is no client and no provider reads a team's: operations any, Client Matching its own."""
    kind = KINDS.get(caller.role)
    if kind is None and team != "matching" and caller.role is not Role.OPERATIONS:
        raise Problem("forbidden", f"Not for the role {caller.role}.", field="team")
    return Recipient(kind, caller.id) if kind else TEAMS[team]


@router.get("/notifications", operation_id="listNotifications")
async def list_notifications(
    db: Db, caller: Reader, unread: OnlyUnread = False, team: TeamName = "matching", cursor: Cursor = None, limit: Limit = 100
) -> Page[Notification]:
    """The newest first. A client's or a provider's own; Client Matching reads its own team's, operations any team's."""
    before = after(cursor) if cursor else None
    found = await usecases.list_notifications(db, inbox_of(caller, team), unread=unread, before=before, limit=limit + 1)
    return page_of(found, limit, lambda item: item.notification_id)


@router.post("/notifications/{notification_id}/read", operation_id="readNotification", responses=problems("not_found"))
async def read_notification(db: Db, caller: Reader, notification_id: UUID, now: Now, team: TeamName = "matching") -> Notification:
    """Repeating it changes nothing: the first time counts."""
    return await usecases.read_notification(db, inbox_of(caller, team), notification_id, now)


@router.put("/clients/{client_id}/contact", operation_id="setClientContact", responses=problems("not_found", "ssn_refused"))
async def set_client_contact(db: Db, caller: TheClient, client_id: UUID, body: ContactIn, now: Now) -> Contact:
    """Where mails go, and the language of mails and texts. A mail says that there is news, and never what it is."""
    caller.own(Role.CLIENT, client_id)
    return await usecases.set_contact(db, Recipient("client", client_id), Contact(**body.model_dump(), updated_at=now))


@router.get("/clients/{client_id}/contact", operation_id="readClientContact", responses=problems("not_found"))
async def read_client_contact(db: Db, caller: TheClient, client_id: UUID) -> Contact:
    caller.own(Role.CLIENT, client_id)
    return await usecases.read_contact(db, Recipient("client", client_id))


@router.delete("/clients/{client_id}/contact", status_code=204, operation_id="removeClientContact", responses=problems("not_found"))
async def remove_client_contact(db: Db, caller: TheClient, client_id: UUID) -> None:
    """From then on news is read in the inbox only."""
    caller.own(Role.CLIENT, client_id)
    await usecases.remove_contact(db, Recipient("client", client_id))


@router.put("/providers/{provider_id}/contact", operation_id="setProviderContact", responses=problems("not_found", "ssn_refused"))
async def set_provider_contact(db: Db, caller: TheProvider, provider_id: UUID, body: ContactIn, now: Now) -> Contact:
    caller.own(Role.PROVIDER, provider_id)
    return await usecases.set_contact(db, Recipient("provider", provider_id), Contact(**body.model_dump(), updated_at=now))


@router.get("/providers/{provider_id}/contact", operation_id="readProviderContact", responses=problems("not_found"))
async def read_provider_contact(db: Db, caller: TheProvider, provider_id: UUID) -> Contact:
    caller.own(Role.PROVIDER, provider_id)
    return await usecases.read_contact(db, Recipient("provider", provider_id))


@router.delete("/providers/{provider_id}/contact", status_code=204, operation_id="removeProviderContact", responses=problems("not_found"))
async def remove_provider_contact(db: Db, caller: TheProvider, provider_id: UUID) -> None:
    caller.own(Role.PROVIDER, provider_id)
    await usecases.remove_contact(db, Recipient("provider", provider_id))


@router.put("/teams/{team}/contact", operation_id="setTeamContact", responses=problems("ssn_refused"))
async def set_team_contact(db: Db, _: Operations, team: TeamName, body: ContactIn, now: Now) -> Contact:
    """Where a team is told that something waits in its inbox. Without it the inbox alone has to be watched."""
    return await usecases.set_contact(db, TEAMS[team], Contact(**body.model_dump(), updated_at=now))


@router.get("/teams/{team}/contact", operation_id="readTeamContact", responses=problems("not_found"))
async def read_team_contact(db: Db, _: Operations, team: TeamName) -> Contact:
    return await usecases.read_contact(db, TEAMS[team])
