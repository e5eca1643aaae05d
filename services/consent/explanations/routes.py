"""For any client, recipient and category: why it is or is not shared now, by which decision, at which position."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from common.auth import Allow, Principal, Role
from common.contracts.vocabulary import Category, Programme
from common.db import Database
from common.edge import Db
from common.http import problems
from consent.decisions import tables
from consent.decisions.rules import Decision, Scope
from consent.explanations.rules import Reason, explain

router = APIRouter(prefix="/v1/clients/{client_id}", tags=["explanations"])
Reader = Annotated[Principal, Depends(Allow(Role.CLIENT, Role.PRIVACY_OFFICER))]
RECIPIENTS = "^(health_plan|employer|provider)$"


class ExplainedCategory(BaseModel):
    category: Category
    shared: bool
    reason: Reason
    rule: str
    sentence: str


class ExplanationOut(BaseModel):
    """The decision is the last one; its place is its line in the ledger. A release looks at the same state."""

    client_id: UUID
    programme: Programme
    recipient: str
    decision: Decision | None
    decision_id: UUID | None
    notice_digest: str | None
    stream: int | None
    position: int | None
    categories: list[ExplainedCategory]


@router.get("/explanations/{programme}", operation_id="explainSharing", responses=problems("not_found"))
async def explain_sharing(
    db: Db,
    caller: Reader,
    client_id: UUID,
    programme: Programme,
    recipient: Annotated[str, Query(pattern=RECIPIENTS)] = "health_plan",
    category: Category | None = None,
) -> ExplanationOut:
    """All categories, or the one asked for. A recipient that is none gets an explanation as well, not an error."""
    caller.own(Role.CLIENT, client_id)
    return await _explained(db, Scope(client_id, programme), recipient, [category] if category else list(Category))


async def _explained(db: Database, scope: Scope, recipient: str, categories: list[Category]) -> ExplanationOut:
    async with db.pool.acquire() as tx:
        state = await tables.read_sharing(tx, scope)
        place = await tables.place_of(tx, state.decision_id) if state.decision_id else (None, None, None)
    explained = [explain(state, recipient, category) for category in categories]
    return ExplanationOut(
        client_id=scope.client_id,
        programme=scope.programme,
        recipient=recipient,
        decision=state.decision,
        decision_id=state.decision_id,
        notice_digest=state.notice_digest,
        stream=place[0],
        position=place[1],
        categories=[
            ExplainedCategory(category=e.category, shared=e.shared, reason=e.reason, rule=e.rule, sentence=e.sentence) for e in explained
        ],
    )
