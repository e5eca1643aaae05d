"""A large export in a running stack, and a recipient that reads it as fast as it comes."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import httpx

from bench import seeding
from demo.partner import Partner
from deploy.local.stack import Stack

SHARERS = """
with shared as (
  insert into sharing (client_id, programme, stream, decision, categories, position, token)
  select md5($4 || n::text)::uuid, $2, n % $3::int, 'opted_in', '{assessment_results}', 0, gen_random_uuid()
    from generate_series(1, $1::int) as n
  returning client_id, programme, stream, token),
tokens as (insert into recipient_token (token, client_id, programme, stream) select token, client_id, programme, stream from shared)
insert into client (client_id, plan_id, employer_id, programme) select client_id, $5, $5, programme from shared"""
"""Ids in no order, as real ones are."""
HOUR = 3600


@dataclass(frozen=True)
class Exported:
    partner: Partner
    database: str
    export_id: UUID
    rows: int


async def exported(stack: Stack, http: httpx.AsyncClient, rows: int) -> Exported:
    """The recipient is registered first: those who share by then would go on its topic."""
    partner = Partner(http, stack.url("reporting"), uuid4())
    await partner.register(stack.issuer.bearer("operations", uuid4()))
    made = Exported(partner, stack.database("reporting"), uuid4(), rows)
    await fill(made.database, made.export_id, partner.plan_id, rows)
    return made


async def fill(url: str, export_id: UUID, plan: UUID, rows: int) -> None:
    """Ten rows a client."""
    print(f"building an export of {rows:,} rows", flush=True)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(SHARERS, rows // seeding.ROWS, seeding.PROGRAMME, seeding.STREAMS, str(plan), plan, timeout=HOUR)
            await connection.execute(seeding.EXPORT, export_id, plan, seeding.PROGRAMME)
            await connection.execute(seeding.PARTS, export_id, seeding.ROWS)
            await connection.execute(seeding.EXPORT_ROWS, export_id, seeding.ROWS, timeout=HOUR)
        for statement in ("vacuum analyze", "checkpoint"):
            await connection.execute(statement, timeout=HOUR)
    finally:
        await connection.close()


async def parts_of(place: Exported) -> list[str]:
    """The paths of the parts as they are now."""
    connection = await asyncpg.connect(place.database)
    rows = await connection.fetch("select * from export_part where export_id = $1 order by stream", place.export_id)
    await connection.close()
    return [f"/fhir/bulk/{place.export_id}/g{row['generation']}/{row['stream']}/{row['part']}" for row in rows]


async def read_all(place: Exported, at_once: int, enough: Callable[[], bool] | None = None) -> int:
    """Bytes received. So many parts are read side by side. With `enough` no further one is begun once it is, and parts may be redacted
    meanwhile."""
    bearer, url, waiting = await place.partner.bearer(), httpx.URL(place.partner.base), await parts_of(place)

    async def reader() -> int:
        read = 0
        while waiting and not (enough and enough()):
            read += await asyncio.to_thread(
                read_part, (url.host, url.port or 80), waiting.pop(), bearer["authorization"], enough is not None
            )
        return read

    return sum(await asyncio.gather(*(reader() for _ in range(at_once))))


def read_part(address: tuple[str, int], path: str, bearer: str, may_be_gone: bool) -> int:
    """Nothing is done with what comes: it is the server that is measured. Raises RuntimeError where the file is not whole."""
    with socket.create_connection(address, timeout=60) as connection:
        head = f"GET {path} HTTP/1.1\r\nhost: {address[0]}\r\nauthorization: {bearer}\r\nconnection: close\r\n\r\n"
        connection.sendall(head.encode())
        buffer, read, first, last = memoryview(bytearray(1 << 20)), 0, b"", b""
        while count := connection.recv_into(buffer):
            first = first or bytes(buffer[: min(count, 64)])
            last = (last + bytes(buffer[max(0, count - 5) : count]))[-5:]
            read += count
    if may_be_gone and first.startswith(b"HTTP/1.1 410"):
        return 0
    if not first.startswith(b"HTTP/1.1 200") or last != b"0\r\n\r\n":
        raise RuntimeError(f"{path}: {first!r} … {last!r}")
    return read
