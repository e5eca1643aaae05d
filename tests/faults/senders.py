"""People whose gateways keep each mail until 250 was said for it, while consent and PostgreSQL are taken away under them (C4)."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import aiosmtplib
import asyncpg

from deploy.local.infrastructure import Infrastructure
from deploy.local.stack import Stack
from tests.faults.mails import answers_are_sent, raw_mail
from tests.mails import Writer, writer
from tests.story import Story, eventually

KILLS = 4
PER_KILL = 6
"""Mails taken between two kills: enough that some are stored and not decided about, decided about and not answered."""
PACE_SECONDS = 0.04
AGAIN_SECONDS = 0.2
"""Until a gateway tries again: eight that try all the time take the processor from the service that they wait for."""
CLEAR, UNCLEAR = "Please opt me out of sharing my data.", "Could somebody explain to me what opting out would mean?"


@dataclass
class Sender:
    """Writes one mail after the other through a gateway that keeps each until 250 was said for it."""

    mailbox: Writer
    client: UUID | None
    text: str = CLEAR
    passes: bool = True
    taken: list[str] = field(default_factory=list)
    """The Message-IDs that 250 was said for."""
    refusals: Counter[str] = field(default_factory=Counter)

    async def write(self) -> None:
        id = f"<{uuid4()}@mail.example>"
        while not await self.hand_over(id):
            await asyncio.sleep(AGAIN_SECONDS)
        self.taken.append(id)

    async def hand_over(self, id: str) -> bool:
        try:
            await self.mailbox.send(raw_mail(self.mailbox.address, self.text, id, passes=self.passes))
            return True
        except aiosmtplib.SMTPResponseException as refusal:
            self.refusals[str(refusal.code)] += 1
        except (aiosmtplib.SMTPException, OSError):
            self.refusals["cut off"] += 1
        return False

    async def write_until(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await self.write()
            await asyncio.sleep(PACE_SECONDS)


async def senders(story: Story) -> list[Sender]:
    clients = [await story.sharing_client() for _ in range(6)]
    own = [Sender(await writer(story, client), client) for client in clients]
    for sender in own[3:5]:
        sender.text = UNCLEAR
    own[5].passes = False
    return [*own, Sender(await writer(story), None), Sender(await writer(story), None, UNCLEAR, passes=False)]


async def taken(everybody: list[Sender], more: int) -> None:
    """Until 250 was said so many times more."""
    wanted = sum(len(sender.taken) for sender in everybody) + more

    async def reached() -> bool:
        return sum(len(sender.taken) for sender in everybody) >= wanted

    await eventually(reached)


async def restart_consent(stack: Stack) -> None:
    process = stack.processes["consent"]
    await asyncio.to_thread(process.kill)
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.wait_ready, f"{stack.url('consent')}/readyz", 60)


async def stop_postgres(stack: Stack, infrastructure: Infrastructure, everybody: list[Sender]) -> None:
    """While it is away everybody hears 451."""
    before = [(sender, sender.refusals["451"]) for sender in everybody]
    await asyncio.to_thread(infrastructure.postgres.stop)
    counts = [len(sender.taken) for sender in everybody]

    async def refused() -> bool:
        return all(sender.refusals["451"] > count + 1 for sender, count in before)

    try:
        await eventually(refused)
        assert [len(sender.taken) for sender in everybody] == counts, "nobody heard 250"
    finally:
        await asyncio.to_thread(infrastructure.postgres.start)
    await asyncio.to_thread(stack.processes["consent"].wait_ready, f"{stack.url('consent')}/readyz", 60)


async def disturb(stack: Stack, infrastructure: Infrastructure, everybody: list[Sender], over: asyncio.Event) -> None:
    try:
        for number in range(KILLS):
            await taken(everybody, PER_KILL)
            await restart_consent(stack)
            if number == 1:
                await taken(everybody, PER_KILL)
                await stop_postgres(stack, infrastructure, everybody)
        await taken(everybody, PER_KILL)
    finally:
        over.set()


async def check_that_nothing_waits(connection: asyncpg.Connection) -> None:  # type: ignore[type-arg]
    async def decided() -> bool:
        return bool(await connection.fetchval("select not exists (select from mail where state = 'received')"))

    await eventually(decided)


async def check_the_table(connection: asyncpg.Connection, everybody: list[Sender]) -> None:  # type: ignore[type-arg]
    """Once each, under its sender; and nothing else: the gateway resent what had been stored before the 250 was lost."""
    addresses = [sender.mailbox.address for sender in everybody]
    rows = await connection.fetch("select message_id, sender, state from mail where sender = any($1)", addresses)
    stored = Counter((row["sender"], row["message_id"]) for row in rows)
    assert stored == Counter((sender.mailbox.address, id) for sender in everybody for id in sender.taken)
    acted = {sender.mailbox.address for sender in everybody if sender.client and sender.text == CLEAR and sender.passes}
    assert {row["state"] for row in rows if row["sender"] in acted} == {"acted"}
    assert {row["state"] for row in rows if row["sender"] not in acted} == {"queued"}


async def check_the_answers(stack: Stack, everybody: list[Sender]) -> None:
    """One for each mail, though one may come twice."""
    await answers_are_sent(stack.database("consent"))
    for sender in everybody:
        answered = {mail["headers"]["in-reply-to"] for mail in await sender.mailbox.answers()}
        assert answered == set(sender.taken), sender.mailbox.address
