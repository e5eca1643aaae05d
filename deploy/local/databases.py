"""Databases of a PostgreSQL server, whichever it is: made, dropped, addressed; and whether the server answers."""

import socket
import struct
from urllib.parse import urlsplit

import asyncpg

_PROTOCOL = 0x30000
_WHO = b"user\0postgres\0database\0postgres\0\0"


def dsn_of(server: str, database: str) -> str:
    """The DSN of `database` on the server that the DSN `server` names."""
    return urlsplit(server)._replace(path=f"/{database}").geturl()


async def create_database(server: str, name: str, template: str = "template1") -> None:
    """Makes the database `name` as a copy of `template`, which nobody may be connected to."""
    await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


async def drop_database(server: str, name: str) -> None:
    """Drops the database `name`, whoever is connected to it; does nothing if it is not there."""
    await _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def answers(host: str, port: int) -> bool:
    """Whether a server lets somebody log in: one that still starts or recovers answers with an error."""
    try:
        with socket.create_connection((host, port), 2) as connection:
            connection.sendall(struct.pack(">ii", len(_WHO) + 8, _PROTOCOL) + _WHO)
            return connection.recv(1) == b"R"
    except OSError:
        return False


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn_of(server, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
