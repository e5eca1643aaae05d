"""A release (C7): a token that is good for once and not for long, and what is fetched with it. Every attempt is noted (C9).

What is noted stays noted also where it is refused, so a refusal is raised after the commit.
"""

import logging
import secrets
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from common.auth import Principal, Role
from common.contracts import legal
from common.contracts.event import Event
from common.contracts.privacy import Scope
from common.deadlines import engine
from common.notices.usecases import tell
from common.problems import Problem
from consent.collections.usecases import erase_collection, is_complete, read_parts
from consent.legal_demands import release_tables, states, tables
from consent.legal_demands.files import ReleaseFile, release_file
from consent.legal_demands.release_tables import Attempt
from consent.legal_demands.states import Demand, Outcome, Reason, Release
from consent.legal_demands.telling import notice_of
from consent.legal_demands.usecases import RESPOND, Office, lock, tell_later

log = logging.getLogger(__name__)
TOKEN_BYTES = 32


def digest_of_token(token: str) -> str:
    return sha256(token.encode()).hexdigest()


async def issue_release(office: Office, demand_id: UUID, asked: Scope | None, officer: Principal, now: datetime) -> tuple[str, Release]:
    """The token is told once and not kept. Another one that was not used is void. Raises Problem."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    async with office.db.begin() as tx:
        demand = await lock(tx, demand_id)
        collected = demand.collection_id is not None and await is_complete(tx, demand.collection_id)
        reason = states.why_not_issued(demand, asked, collected=collected)
        release = Release(uuid4(), demand_id, demand.digest, officer.id, now, now + states.TOKEN_LIFE, None, None)
        if reason is None:
            await release_tables.void_releases(tx, demand_id, now)
            await release_tables.insert_release(tx, release, digest_of_token(token))
            await tables.note(tx, demand_id, now, "release_issued", officer.id)
            await office.journal.append(tx, _issued(release, officer, now))
        else:
            await _refuse(tx, office, demand, _refusal(reason, officer, "issue", None, now))
    if reason is not None:
        raise states.problem_of(reason)
    return token, release


async def take_release(office: Office, token: str, caller: Principal | None, now: datetime) -> ReleaseFile:
    """C7: the token is spent and the disclosure is on record before the first byte leaves. Raises Problem."""
    async with office.db.begin() as tx:
        found = await release_tables.find_release(tx, digest_of_token(token))
        if found is None:
            log.warning("a release was asked for with a token that there is not")
            raise Problem("not_found", "No such release.", rule="C7")
        demand = await lock(tx, found.demand_id)
        release = await release_tables.find_release(tx, digest_of_token(token))
        assert release is not None, "releases are never deleted"
        reason = _why_not(release, demand, caller, now)
        if reason is None and caller is not None:
            return await _release(tx, office, demand, release, caller, now)
        reason = reason or Reason.FORBIDDEN
        await _refuse(tx, office, demand, _refusal(reason, caller, "download", release.release_id, now))
    raise states.problem_of(reason)


def _why_not(release: Release, demand: Demand, caller: Principal | None, now: datetime) -> Reason | None:
    if caller is None or caller.role is not Role.PRIVACY_OFFICER:
        return Reason.FORBIDDEN
    return states.why_not_released(release, demand, now)


async def _release(tx: AsyncConnection, office: Office, demand: Demand, release: Release, officer: Principal, now: datetime) -> ReleaseFile:
    """All that follows from it, before anything leaves. What was collected is of no use any more: its keys go."""
    assert demand.collection_id is not None
    file = release_file(demand, await read_parts(tx, office.key, demand.collection_id))
    await erase_collection(tx, demand.collection_id, now)
    await release_tables.spend(tx, release.release_id, now)
    attempt = Attempt(
        uuid4(), now, officer.id, officer.role, "download", Outcome.RELEASED, release.release_id, None, file.records, file.digest
    )
    await release_tables.insert_attempt(tx, demand, attempt)
    done = states.released(demand, officer.id, await tables.suspensions_of(tx, demand.demand_id), now)
    await tables.note(tx, demand.demand_id, now, "released", officer.id, file.digest)
    told = await _tell_or_wait(tx, done, now)
    await engine.stop(tx, RESPOND, subject=demand.demand_id, occurred_at=now, now=now)
    made = legal.LegalReleaseMade(
        occurred_at=now,
        case_id=demand.demand_id,
        officer_id=officer.id,
        release_id=release.release_id,
        file_digest=file.digest,
        records=file.records,
    )
    await office.journal.append(tx, made, *told)
    return file


async def _tell_or_wait(tx: AsyncConnection, done: Demand, now: datetime) -> list[Event]:
    """The client is told at once, unless an authority has suspended it."""
    assert done.tell_client_from is not None
    if done.tell_client_from > now:
        await tables.save(tx, done)
        await tell_later(tx, done, now)
        return []
    await tables.save(tx, replace(done, client_told_at=now))
    await tell(tx, [notice_of(done)], now)
    await tables.note(tx, done.demand_id, now, "client_told")
    return [legal.ClientToldOfRelease(occurred_at=now, case_id=done.demand_id)]


def _refusal(reason: Reason, caller: Principal | None, step: str, release_id: UUID | None, now: datetime) -> Attempt:
    who, role = (caller.id, str(caller.role)) if caller else (None, None)
    return Attempt(uuid4(), now, who, role, step, Outcome.REFUSED, release_id, reason)


async def _refuse(tx: AsyncConnection, office: Office, demand: Demand, attempt: Attempt) -> None:
    assert attempt.reason is not None
    await release_tables.insert_attempt(tx, demand, attempt)
    await tables.note(tx, demand.demand_id, attempt.attempted_at, "attempt_refused", attempt.attempted_by, attempt.reason)
    event = legal.LegalReleaseRefused(
        occurred_at=attempt.attempted_at, case_id=demand.demand_id, attempt_id=attempt.attempt_id, reason=attempt.reason
    )
    await office.journal.append(tx, event)


def _issued(release: Release, officer: Principal, now: datetime) -> Event:
    return legal.LegalReleaseIssued(
        occurred_at=now, case_id=release.demand_id, officer_id=officer.id, release_id=release.release_id, expires_at=release.expires_at
    )
