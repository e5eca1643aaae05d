"""The service in front of an outbox: takes the same request as consent does, with the same token, and records the same state.

Leaner than ours: no size limit, no trace context, no metrics, no receipts in the answer.
`python -m bench.outbox.app PORT DATABASE ISSUER [notify]`
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import uvicorn
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from bench.outbox.table import OPT_OUT, OPT_OUT_AND_NOTIFY
from common.auth import Allow, Principal, Role, Verifier
from common.contracts.consent import OptedOut
from common.contracts.vocabulary import Channel, Programme, Purpose, Recipient
from common.db import open_pool
from consent.decisions.usecases import places_of
from deploy.local.issuer import AUDIENCE

PLACES = places_of(60, 900, 2_592_000)


class OptOutIn(BaseModel):
    programme: Programme


class OptOutOut(BaseModel):
    decision_id: UUID
    version: int | None


def create_app(database: str, issuer: str, statement: str) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient() as http, await open_pool(database, 2, 12) as app.state.pool:
            app.state.verifier = Verifier(http, f"{issuer}/jwks.json", issuer, AUDIENCE)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/v1/clients/{client_id}/opt-outs")
    async def opt_out(
        request: Request, client_id: UUID, body: OptOutIn, caller: Annotated[Principal, Depends(Allow(Role.CLIENT))]
    ) -> OptOutOut:
        caller.own(Role.CLIENT, client_id)
        event = OptedOut(
            event_id=uuid4(),
            occurred_at=datetime.now(UTC),
            client_id=client_id,
            programme=body.programme,
            recipient=Recipient.HEALTH_PLAN,
            purpose=Purpose.PERSONALISED_RECOMMENDATIONS,
            channel=Channel.PORTAL,
        )
        about = (client_id, body.programme, event.event_id, event.occurred_at)
        row = await request.app.state.pool.fetchrow(statement, *about, event.type, event.to_json(), list(PLACES), list(PLACES.values()))
        return OptOutOut(decision_id=event.event_id, version=row and row["version"])

    @app.get("/livez")
    async def livez() -> None:
        """Up."""

    return app


def main() -> None:
    port, database, issuer = sys.argv[1:4]
    app = create_app(database, issuer, OPT_OUT_AND_NOTIFY if "notify" in sys.argv else OPT_OUT)
    uvicorn.run(app, host="127.0.0.1", port=int(port), loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
