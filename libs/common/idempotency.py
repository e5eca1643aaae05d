"""Idempotency-Key for unsafe requests: the key, the effect and its answer are one transaction.

A repetition gets the first answer; the same key with another body is refused; a repetition that arrives while the first is under way
waits for it (the key's row is the lock). Keys belong to their caller.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal
from common.db import Database
from common.never_kept import StructuredText
from common.problems import Problem

CLAIM = text("insert into idempotency (caller, key, request_digest) values (:caller, :key, :digest) on conflict do nothing")
EARLIER = text("select request_digest, body from idempotency where caller = :caller and key = :key")
REMEMBER = text("update idempotency set body = cast(:body as jsonb) where caller = :caller and key = :key")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's key and a digest of what was asked with it."""

    key: str | None
    request_digest: bytes


async def idempotency_key(
    request: Request,
    key: Annotated[StructuredText | None, Header(alias="Idempotency-Key", max_length=200, description="Repeat a request safely.")] = None,
) -> IdempotencyKey:
    asked = f"{request.method} {request.url.path}\n".encode() + await request.body()
    return IdempotencyKey(key, sha256(asked).digest())


T = TypeVar("T", bound=BaseModel)
Key = Annotated[IdempotencyKey, Depends(idempotency_key)]


async def once(db: Database, caller: Principal, key: IdempotencyKey, model: type[T], work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Does the work in one transaction, or answers what it answered before."""
    async with db.begin() as tx:
        if key.key is None:
            return await work(tx)
        names: dict[str, Any] = {"caller": caller.name, "key": key.key}
        claimed = await tx.execute(CLAIM, {**names, "digest": key.request_digest})
        if claimed.rowcount == 0:
            earlier = (await tx.execute(EARLIER, names)).one()
            if earlier.request_digest != key.request_digest:
                raise Problem("idempotency_key_reused", "This key was used with another request.", field="Idempotency-Key")
            return TypeAdapter(model).validate_python(earlier.body)
        answer = await work(tx)
        await tx.execute(REMEMBER, {**names, "body": answer.model_dump_json()})
        return answer
