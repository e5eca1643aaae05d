"""Clients who share, made over the HTTP APIs: employer, plan, provider, clients, and each client's first request with an opt-in."""

import asyncio
from collections.abc import Awaitable, Iterable
from uuid import UUID, uuid4

import asyncpg
import httpx

from common.contracts.vocabulary import Programme
from demo.partner import Partner
from demo.providers import participating
from demo.race_acts import NOTICES, Sharer
from demo.race_waiting import until
from deploy.local.stack import Stack

CATEGORIES = ["contact_and_demographics", "appointments", "assessment_results"]
PHQ_9 = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
AT_ONCE = 6
PATIENCE = 60
SHARING = "select count(*) from sharing where client_id = any($1::uuid[]) and decision = 'opted_in'"
RECORDS = "select count(*) from record where client_id = any($1::uuid[])"


async def create_sharers(stack: Stack, count: int, responses: int = 3) -> tuple[Partner, list[Sharer]]:
    """The plan's backend, and so many clients who share with it, each with a record of demographics and of so many assessments."""
    async with httpx.AsyncClient(timeout=20) as http:
        employer_id, plan_id, provider_id = uuid4(), uuid4(), uuid4()
        await _add(http, stack, "employers", {"name": "Race", "programmes": ["care_connect"], "employer_id": str(employer_id)})
        await _add(http, stack, "plans", {"name": "Race", "plan_id": str(plan_id)})
        partner = Partner(http, stack.url("reporting"), plan_id)
        await partner.register(stack.issuer.bearer("operations", uuid4()))
        await _add(http, stack, "providers", participating(provider_id, "Race", "TX", plan_id))
        sharers = [Sharer(uuid4()) for _ in range(count)]
        await _few_at_once(_register(http, stack, sharer, employer_id, plan_id) for sharer in sharers)
        await _few_at_once(_share(http, stack, sharer, provider_id) for sharer in sharers)
        await _few_at_once(_answer(http, stack, sharer) for sharer in sharers for _ in range(responses))
    await _applied(stack, [sharer.client_id for sharer in sharers], count * (1 + responses))
    return partner, sharers


async def _few_at_once(acts: Iterable[Awaitable[None]]) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(act: Awaitable[None]) -> None:
        async with free:
            await act

    await asyncio.gather(*(one(act) for act in acts))


async def _add(http: httpx.AsyncClient, stack: Stack, what: str, body: dict[str, object]) -> None:
    answer = await http.post(f"{stack.url('scheduling')}/v1/{what}", json=body, headers=stack.issuer.bearer("operations", uuid4()))
    answer.raise_for_status()


async def _register(http: httpx.AsyncClient, stack: Stack, sharer: Sharer, employer_id: UUID, plan_id: UUID) -> None:
    body: dict[str, object] = {"client_id": str(sharer.client_id), "employer_id": str(employer_id), "plan_id": str(plan_id)}
    body |= {"programme": sharer.programme, "birth_date": "1988-04-17", "sex": "female", "state": "TX"}
    await _add(http, stack, "clients", body)


async def _share(http: httpx.AsyncClient, stack: Stack, sharer: Sharer, provider_id: UUID) -> None:
    sharing = {"choice": "opt_in", "notice_digest": NOTICES[Programme(sharer.programme)], "categories": CATEGORIES}
    body = {"client_id": str(sharer.client_id), "provider_id": str(provider_id), "programme": sharer.programme, "sharing": sharing}
    headers = stack.issuer.bearer("client", sharer.client_id)
    answer = await http.post(f"{stack.url('scheduling')}/v1/consultation-requests", json=body, headers=headers)
    answer.raise_for_status()


async def _answer(http: httpx.AsyncClient, stack: Stack, sharer: Sharer) -> None:
    body = {"client_id": str(sharer.client_id), "instrument": "phq-9", "answers": dict.fromkeys(PHQ_9, 1)}
    headers = stack.issuer.bearer("client", sharer.client_id)

    async def answered() -> bool:
        answer = await http.post(f"{stack.url('assessments')}/v1/assessment-responses", json=body, headers=headers)
        if answer.status_code == 404:  # assessments hears of a new client by event
            return False
        answer.raise_for_status()
        return True

    if not await until(answered, PATIENCE):
        raise TimeoutError("assessments does not know the client")


async def _applied(stack: Stack, client_ids: list[UUID], records: int) -> None:
    """Until reporting knows that they share, and what."""
    db = await asyncpg.connect(stack.database("reporting"))

    async def known() -> bool:
        found = [await db.fetchval(query, client_ids) for query in (SHARING, RECORDS)]
        return found == [len(client_ids), records]

    try:
        if not await until(known, PATIENCE):
            raise TimeoutError("reporting has not applied all that was loaded")
    finally:
        await db.close()
