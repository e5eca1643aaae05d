"""Looks for bytes in all that the stack leaves behind: logs, topics, tables, and the files of the database where they can be read."""

import base64
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer

from deploy.local.stack import SERVICES, Stack


def forms(key: bytes) -> set[bytes]:
    """As it is, in base64 and base64url wherever it begins in a text, in hexadecimal."""
    found = {key, key.hex().encode(), key.hex().upper().encode()}
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + key)
        inner = whole[4 if shift else 0 : -4]  # without what its neighbours have a part in
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


async def everything(stack: Stack) -> dict[str, bytes]:
    """By where it was found. There is no pg_dump among the embedded programs: each table is taken by COPY, which is what a dump does."""
    found = {str(file.name): file.read_bytes() for file in stack.folder.glob("*.log")}
    assert any(found.values())
    for service in SERVICES:
        found |= await _tables(stack.database(service), service)
    return found | await _topics(stack) | dict(await _files_of_the_database(stack))


async def _tables(url: str, service: str) -> dict[str, bytes]:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        found = {}
        for (name,) in names:
            for kind in ("text", "binary"):
                dump = io.BytesIO()
                await connection.copy_from_table(name, output=dump, format=kind)
                found[f"{service}.{name} ({kind})"] = dump.getvalue()
        return found
    finally:
        await connection.close()


async def _topics(stack: Stack) -> dict[str, bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.infrastructure.bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.subscribe([name for name in await consumer.topics() if name.startswith(f"{stack.name}.")])
        while not consumer.assignment():
            await consumer.getmany(timeout_ms=100)
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found: dict[str, list[bytes]] = {}
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for part, records in (await consumer.getmany(timeout_ms=300)).items():
                for r in records:
                    found.setdefault(part.topic, []).extend((r.key or b"", r.value or b"", *(value for _, value in r.headers)))
        return {topic: b"\n".join(parts) for topic, parts in found.items()}
    finally:
        await consumer.stop()


async def _files_of_the_database(stack: Stack) -> Iterable[tuple[str, bytes]]:
    """WAL and the files of reporting's own tables, dead rows and all; nothing where the server is not on this machine."""
    connection = await asyncpg.connect(stack.database("reporting"))
    try:
        await connection.execute("checkpoint")
        row = await connection.fetchrow(
            "select current_setting('data_directory') as folder, oid from pg_database where datname = current_database()"
        )
    finally:
        await connection.close()
    assert row is not None
    return _readable(Path(row["folder"]), str(row["oid"]))


def _readable(folder: Path, oid: str) -> list[tuple[str, bytes]]:
    return [found for part in (folder / "pg_wal", folder / "base" / oid) if part.is_dir() for found in _read(part)]


def _read(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.iterdir()):
        if file.is_file():
            yield f"{folder.name}/{file.name}", file.read_bytes()


def where(found: dict[str, bytes], wanted: Iterable[bytes]) -> set[str]:
    return {place for needle in wanted for place, content in found.items() if needle in content}
