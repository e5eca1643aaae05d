"""What can be done about mails: take one in, decide about it, look at the queue, resolve one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from common.contracts.consent import OnBehalf
from common.contracts.vocabulary import AskedBy, Channel, IdentityCheck, Programme, SuspensionReason
from common.db import Connection, Database
from common.journal import stream_of
from common.never_kept import mask_ssns
from common.problems import Problem
from consent.decisions.rules import Scope, Source
from consent.decisions.usecases import Book, opt_out_within, resume_within, suspend_within
from consent.mail import addresses, replies, tables
from consent.mail.reading import Mail, read_mail
from consent.mail.rules import Answer, Plan, Resolution, State, plan
from consent.mail.tables import Kept

WITHOUT_A_PLAN = Plan(State.QUEUED, Answer.BEING_READ, SuspensionReason.UNCLEAR_MAIL)
"""For a mail that cannot be decided about, by a defect of ours: a person reads it, and nothing is shared meanwhile."""


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What mails are decided about with. Open for the life of the process."""

    book: Book
    address_key: str
    due_seconds: float
    link_for: Callable[[UUID], str]
    """The one-click link of a client."""


async def receive_mail(db: Database, raw: bytes, mail_from: str, authserv_id: str, now: datetime) -> None:
    """The same for SMTP and for a caller in Python: once this returns, the mail is stored. Raises where the database is away."""
    read = read_mail(raw, mail_from, authserv_id)
    masked = replace(read, subject=mask_ssns(read.subject), text=mask_ssns(read.text), said=mask_ssns(read.said))  # C13
    async with db.pool.acquire() as tx:
        await tables.insert(tx, masked, now)


async def decide_next_mail(room: PostRoom, now: datetime, *, cautiously: bool = False) -> bool:
    """The decision, its events and the answer are one transaction. False where no mail waits."""
    async with room.book.db.begin_event() as tx:
        claimed = await tables.claim(tx)
        if claimed is None:
            return False
        mail_id, mail = claimed
        clients = await addresses.clients_at(tx, addresses.digest_of(room.address_key, mail.sender)) if mail.sender else []
        made = WITHOUT_A_PLAN if cautiously else plan(mail, len(clients))
        await _carry_out(tx, room, mail_id, mail, clients, made, now)
    return True


async def _carry_out(tx: Connection, room: PostRoom, mail_id: UUID, mail: Mail, clients: Sequence[UUID], made: Plan, now: datetime) -> None:
    due_at = now + timedelta(seconds=room.due_seconds) if made.state is State.QUEUED else None
    for scope in _scopes(room, clients):
        if made.state is State.ACTED:
            await opt_out_within(tx, room.book.journal, room.book.places, scope, Source(Channel.EMAIL), now)
        elif made.state is State.QUEUED and made.reason:
            await suspend_within(tx, room.book.journal, room.book.places, scope, made.reason, mail_id, now)
    await tables.planned(tx, mail_id, made.state, clients, made.reason, due_at)
    if made.answer:
        url = room.link_for(clients[0]) if len(clients) == 1 and mail.authenticated else None
        await replies.insert(tx, mail_id, made.answer, url, due_at)


def _scopes(room: PostRoom, clients: Sequence[UUID]) -> list[Scope]:
    """In the order of their streams, so that two transactions never wait for each other."""
    in_order = sorted(clients, key=lambda client: (stream_of(client, room.book.journal.streams), client))
    return [Scope(client, programme) for client in in_order for programme in Programme]


async def list_mails(db: Database, state: State, last: UUID, limit: int) -> Sequence[Kept]:
    async with db.pool.acquire() as tx:
        return await tables.list_in(tx, state, last, limit)


async def read_mail_of(db: Database, mail_id: UUID) -> Kept:
    async with db.pool.acquire() as tx:
        return _found(await tables.find(tx, mail_id))


async def resolve_mail(
    room: PostRoom, mail_id: UUID, resolution: Resolution, client_ids: Sequence[UUID], officer: UUID, now: datetime
) -> Kept:
    """C4: an opt-out after all, or none. `client_ids`: whose it is, where the officer knows better than the address."""
    async with room.book.db.begin_event() as tx:
        kept = _found(await tables.find(tx, mail_id, lock=True))
        if kept.state is not State.QUEUED:
            raise Problem("wrong_state", f"The mail is {kept.state}.", field="mail_id", state=kept.state)
        clients = sorted({*kept.client_ids, *client_ids})
        if resolution is Resolution.OPT_OUT:
            await _opt_out(tx, room, sorted(client_ids) or clients, kept, officer, now)
        else:
            await _resume(tx, room, kept, clients, officer, now)
        await tables.resolved(tx, mail_id, clients, resolution, officer, now)
        await _answer(tx, kept, resolution)
        return _found(await tables.find(tx, mail_id))


async def _opt_out(tx: Connection, room: PostRoom, clients: Sequence[UUID], kept: Kept, officer: UUID, now: datetime) -> None:
    if not clients:
        raise Problem("invalid_request", "The sender is not known: say which client it is.", field="client_ids", rule="C4")
    source = Source(Channel.EMAIL, _on_behalf(kept, officer))
    for scope in _scopes(room, clients):
        await opt_out_within(tx, room.book.journal, room.book.places, scope, source, now)
    if others := set(kept.client_ids) - set(clients):  # of a shared address, it was somebody else
        await _resume(tx, room, kept, sorted(others), officer, now)


async def _resume(tx: Connection, room: PostRoom, kept: Kept, clients: Sequence[UUID], officer: UUID, now: datetime) -> None:
    waiting = await tables.with_others_waiting(tx, kept.mail_id, clients)
    for scope in _scopes(room, [client for client in clients if client not in waiting]):
        await resume_within(tx, room.book.journal, scope, _on_behalf(kept, officer), now)


def _on_behalf(kept: Kept, officer: UUID) -> OnBehalf:
    check = IdentityCheck.AUTHENTICATED_MAIL if kept.mail.authenticated else IdentityCheck.NOT_CHECKED
    return OnBehalf(staff_id=officer, asked_by=AskedBy.CLIENT, identity_check=check)


async def _answer(tx: Connection, kept: Kept, resolution: Resolution) -> None:
    """Who wrote without proof of being the client learns of no decision about one."""
    known = bool(kept.client_ids) and kept.mail.authenticated and not kept.mail.automatic
    if known:
        answer = Answer.OPTED_OUT if resolution is Resolution.OPT_OUT else Answer.FOUND_NO_OPT_OUT
        await replies.insert(tx, kept.mail_id, answer, None, None)


def _found(kept: Kept | None) -> Kept:
    if kept is None:
        raise Problem("not_found", "No such mail.")
    return kept
