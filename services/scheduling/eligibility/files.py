"""Eligibility files: checked as a whole, taken as a whole in one transaction, and taken once."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from common.db import Database
from common.journal import Journal
from common.problems import Problem
from scheduling.eligibility import filing, lines, tables, verifying
from scheduling.eligibility.filing import Known, Outcome
from scheduling.eligibility.lines import Bad, Line, Maintenance
from scheduling.employers.tables import contracts_of
from scheduling.plans.tables import plans_of

TOLD = 10_000
"""Bad lines that are told one by one; of more only the number."""
LISTED = 100


class FileTaken(BaseModel):
    """What a file changed. The same file with the same date is taken once; a repetition gets the first answer."""

    digest: str
    lines: int
    clients_changed: int
    periods_added: int
    periods_superseded: int
    clients_ended: int
    not_clients: int
    """Lines of people who have never sought care here: nothing of them was kept."""
    not_clients_at: list[int]
    """The first of their line numbers."""


class Received(BaseModel):
    """A file as it came. `accept_ends`: also where it ends many at once."""

    content: bytes
    file_date: date
    accept_ends: bool = False

    @property
    def digest(self) -> bytes:
        return sha256(f"{self.file_date}\n".encode() + self.content).digest()


async def take_file(db: Database, journal: Journal, received: Received, now: datetime) -> FileTaken:
    """Raises Problem eligibility_file_refused with every bad line; then nothing has changed."""
    parsed, bad = await asyncio.to_thread(_parse, received.content, now.date())  # seconds of work for a large file
    async with db.begin() as tx:
        earlier = await tables.claim_file(tx, received.digest, now)
        if earlier is not None:
            return FileTaken.model_validate(earlier)
        known = await _known(tx, parsed)
        outcome = await asyncio.to_thread(filing.plan, parsed, known, received.file_date, now)
        _check(bad + outcome.bad, outcome, received)
        taken = await _carry_out(tx, outcome, len(parsed), received.digest, now)
        await tables.keep_result(tx, received.digest, taken.model_dump())
        touched = [known.clients[client_id] for client_id, mine in outcome.ledgers.items() if mine.added or mine.superseded]
        await verifying.verify_all(tx, journal, touched, now)
    return taken


def _parse(content: bytes, today: date) -> tuple[list[Line], list[Bad]]:
    try:
        return lines.parse(content.decode("utf-8-sig"), today)
    except UnicodeDecodeError:
        return [], [Bad(0, "", "not_utf_8")]


async def _known(tx: AsyncConnection, parsed: Sequence[Line]) -> Known:
    """With the locks of all whom the file is about."""
    employers = {line.employer_id for line in parsed}
    members = await tables.members(tx, employers) if any(line.member_id for line in parsed) else {}
    ids = {line.client_id for line in parsed if line.client_id}
    ids |= {found for line in parsed if line.member_id and (found := members.get((line.employer_id, line.member_id)))}
    if any(line.kind is Maintenance.FULL for line in parsed):
        ids |= set(await tables.employed_at(tx, employers))
    clients = await tables.clients_of(tx, ids, lock=True)
    periods = await tables.periods_of(tx, ids)
    plans = await plans_of(tx, {line.plan_id for line in parsed})
    return Known(clients, members, periods, set(await contracts_of(tx, employers)), set(plans))


def _check(bad: Sequence[Bad], outcome: Outcome, received: Received) -> None:
    if bad:
        told = [{"line": each.line, "field": each.field, "code": each.code} for each in sorted(bad, key=lambda each: each.line)[:TOLD]]
        count = len({each.line for each in bad})
        raise Problem("eligibility_file_refused", f"{count} lines are wrong. Nothing was changed.", errors=told, bad_lines=count)
    if outcome.suspicious and outcome.covered and not received.accept_ends:
        detail = f"The file would end the coverage of {outcome.ended} of {outcome.covered} clients. If that is right, send accept_ends."
        raise Problem("eligibility_file_refused", detail, field="accept_ends", would_end=outcome.ended, covered=outcome.covered)


async def _carry_out(tx: AsyncConnection, outcome: Outcome, count: int, digest: bytes, now: datetime) -> FileTaken:
    superseded = [period for mine in outcome.ledgers.values() for period in mine.superseded]
    added = [period for mine in outcome.ledgers.values() for period in mine.added]
    await tables.change(tx, superseded, added, now)
    return FileTaken(
        digest=digest.hex(),
        lines=count,
        clients_changed=len({period.client_id for period in superseded + added}),
        periods_added=len(added),
        periods_superseded=len(superseded),
        clients_ended=outcome.ended,
        not_clients=len(outcome.not_clients),
        not_clients_at=outcome.not_clients[:LISTED],
    )
