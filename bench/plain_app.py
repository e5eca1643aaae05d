"""A decision without us: the same framework, token, body and rows, a plain insert. `python -m bench.plain_app PORT DB JWKS ISSUER`.

The rows of `sharing` and `journal` in one transaction: no ledger head, no digest, no version, no notice looked up, no receipt.
"""

import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import httpx
from fastapi import Depends, FastAPI

from common.auth import Allow, Principal, Role, Verifier
from common.clock import Clock
from common.contracts.consent import OptedIn
from common.contracts.vocabulary import Channel
from common.db import Database
from common.edge import Db, Now
from common.http import Edge, add_error_handlers
from common.journal import Journal
from common.metrics import Metrics
from consent.decisions.routes import DecisionIn, SharingOut, sharing_out
from consent.decisions.rules import Decision, Scope, Sharing

Decider = Annotated[Principal, Depends(Allow(Role.CLIENT))]

SHARING = """
insert into sharing (client_id, programme, recipient, purpose, version, decision, decision_id, decided_at, categories, notice_digest)
values ($1, $2, $3, $4, 1, 'opted_in', $5, $6, $7, $8)"""

JOURNAL = """
insert into journal (stream, position, event_id, type, subject, payload, traceparent, digest)
values ($1, nextval('plain'), $2, $3, $4, $5, $6, decode(repeat('00', 32), 'hex'))"""


def create_app(database: str, jwks: str, issuer: str) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.db = await Database.open(database)
        await app.state.db.pool.execute("create sequence if not exists plain")
        async with httpx.AsyncClient() as http:
            app.state.verifier = Verifier(http, jwks, issuer, "care-connect")
            yield
        await app.state.db.close()

    app, metrics = FastAPI(lifespan=lifespan), Metrics()
    app.state.clock, journal = Clock(), Journal("plain", 16)
    add_error_handlers(app)
    app.add_middleware(Edge, metrics=metrics, body_limit=65_536)

    @app.post("/v1/clients/{client_id}/decisions")
    async def decide(db: Db, caller: Decider, client_id: UUID, body: DecisionIn, now: Now) -> SharingOut:
        caller.own(Role.CLIENT, client_id)
        scope = Scope(client_id, body.programme)
        event = OptedIn(
            event_id=body.decision_id,
            occurred_at=now,
            client_id=client_id,
            programme=body.programme,
            recipient=scope.recipient,
            purpose=scope.purpose,
            channel=Channel.PORTAL,
            categories=body.categories,
            notice_version="2026-01",
            notice_language="en",
            notice_digest=body.notice_digest,
        )
        categories = list(body.categories)
        async with db.pool.acquire() as tx, tx.transaction():
            await tx.execute(
                SHARING, client_id, scope.programme, scope.recipient, scope.purpose, event.event_id, now, categories, body.notice_digest
            )
            await tx.execute(JOURNAL, *journal.arguments(event))
        return sharing_out(Sharing(scope, 1, Decision.OPTED_IN, event.event_id, body.categories, body.notice_digest))

    @app.get("/livez")
    async def livez() -> None:
        """Up."""

    return app


def main() -> None:
    import uvicorn

    from common.connection import DeliveringProtocol

    port, database, jwks, issuer = sys.argv[1:]
    app = create_app(database, jwks, issuer)
    uvicorn.run(app, host="127.0.0.1", port=int(port), loop="uvloop", http=DeliveringProtocol, access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
