"""What every form of these pages has in common: sent twice it is one, and what was refused is said on the page that it came from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response

from common.auth import Principal, Role
from common.db import Database
from common.edge import Db, Now, TheJournal
from common.idempotency import IdempotencyKey
from common.journal import Journal
from common.pages.errors import message_of
from common.pages.language import Texts, language_of
from common.pages.session import CSRF, AllowPage
from common.problems import Problem

REFUSED = frozenset(
    f"error.{code}"
    for code in (
        *("wrong_state", "state_changed", "slot_taken", "slot_not_open", "visit_limit_reached", "idempotency_key_reused"),
        *("invalid_request_time", "invalid_request_times", "invalid_request_skipped_time", "invalid_request_held_on"),
        *("already_asked", "provider_not_listed", "not_eligible", "programme_not_offered", "already_served"),
    )
)
"""What is said on the page that the form came from, with how it stands now."""


@dataclass(frozen=True, slots=True)
class Say:
    """What the page says above everything else."""

    message: str | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody on their page."""

    request: Request
    db: Database
    caller: Principal
    now: datetime

    @property
    def t(self) -> Texts:
        texts: Texts = self.request.app.state.pages.texts(self.request)
        return texts

    def done(self, known: frozenset[str]) -> Say:
        done = self.request.query_params.get("done", "")
        return Say(f"done.{done}" if done in known else None)


@dataclass(frozen=True, slots=True)
class Doing(Looking):
    """Somebody who has sent a form. `key` is the form's own, made with the page."""

    journal: Journal
    key: IdempotencyKey

    async def do(self, work: Awaitable[Any], area: str, done: str, page: Callable[["Doing", Say], Awaitable[Response]]) -> Response:
        """To the page, which says that it is done; or the page as it stands now, which says why it is not."""
        try:
            await work
        except Problem as problem:
            key = _said(self.t, problem)
            if key is None:
                raise
            return await page(self, Say(key, problem.status))
        return to(self, area, done)


def to(looking: Looking, area: str, done: str) -> Response:
    return RedirectResponse(f"{area}?lang={language_of(looking.request)}&done={done}", 303)


def _said(t: Texts, problem: Problem) -> str | None:
    return next((key for key in (message_of(problem), f"error.{problem.code}") if key in REFUSED and t.has(key)), None)


async def _form_key(request: Request) -> IdempotencyKey:
    fields = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str) and name != CSRF]
    asked = f"{request.url.path}\n{urlencode(sorted(fields))}".encode()
    try:
        form_id = UUID(dict(fields).get("form_id", ""))
    except ValueError as error:
        raise Problem("invalid_request", "The form has no id.") from error
    return IdempotencyKey(f"form:{form_id}", sha256(asked).digest())


FormKey = Annotated[IdempotencyKey, Depends(_form_key)]
TheProvider = Annotated[Principal, Depends(AllowPage(Role.PROVIDER))]
TheClient = Annotated[Principal, Depends(AllowPage(Role.CLIENT))]


async def _provider_looks(request: Request, db: Db, caller: TheProvider, now: Now) -> Looking:
    return Looking(request, db, caller, now)


async def _provider_does(request: Request, db: Db, caller: TheProvider, now: Now, journal: TheJournal, key: FormKey) -> Doing:
    return Doing(request, db, caller, now, journal, key)


async def _client_looks(request: Request, db: Db, caller: TheClient, now: Now) -> Looking:
    return Looking(request, db, caller, now)


async def _client_does(request: Request, db: Db, caller: TheClient, now: Now, journal: TheJournal, key: FormKey) -> Doing:
    return Doing(request, db, caller, now, journal, key)


ProviderLooks = Annotated[Looking, Depends(_provider_looks)]
ProviderDoes = Annotated[Doing, Depends(_provider_does)]
ClientLooks = Annotated[Looking, Depends(_client_looks)]
ClientDoes = Annotated[Doing, Depends(_client_does)]
