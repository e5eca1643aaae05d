"""Clients who were sent something to answer, the links that they got, and browsers without a screen that open them."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from assessments.links.rules import sign
from deploy.local.stack import SECRET
from tests.story import Story, eventually

BOTH = ("phq-9", "gad-7")
WEEK = timedelta(days=7)
ITEM_9 = "phq-9/44260-8"
NOT_AT_ALL, SEVERAL_DAYS, NEARLY_EVERY_DAY = "LA6568-5", "LA6569-3", "LA6571-9"
ASSIGNED = """
insert into assignment (assignment_id, client_id, episode_id, programme, schedule, schedule_version, instruments, state,
                        send_at, due_at, closes_at, sent_at)
values ($1, $2, $3, 'care_connect', 'baseline', 1, $4, $5, $6, $6, $7, $6)"""


@dataclass
class Sent:
    """What a client was sent: `path` is that of the link."""

    assignment_id: UUID
    client_id: UUID
    path: str
    url: str


@dataclass
class Practice(Story):
    @asynccontextmanager
    async def database(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.stack.database("assessments"))
        try:
            yield connection
        finally:
            await connection.close()

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        async with self.database() as connection:
            return list(await connection.fetch(statement, *values))

    async def known(self, language: str = "en", zone: str = "America/New_York") -> UUID:
        """A client that assessments has heard of; in this language and zone, whatever scheduling has said."""
        client = await self.client()
        await eventually(lambda: self.fetch("select 1 from known_client where client_id = $1", client))
        await self.fetch("update known_client set language = $2, time_zone = $3 where client_id = $1", client, language, zone)
        return client

    async def sends(self, client: UUID, *instruments: str, state: str = "sent", closes_in: timedelta = WEEK) -> Sent:
        assignment, now = uuid4(), datetime.now(UTC).replace(microsecond=0)
        asked = list(instruments or BOTH)
        await self.fetch(ASSIGNED, assignment, client, uuid4(), asked, state, now - timedelta(days=1), now + closes_in)
        return self.link(assignment, client, now + closes_in)

    def link(self, assignment: UUID, client: UUID, expires_at: datetime) -> Sent:
        path = f"/forms/{sign(SECRET.encode(), assignment, expires_at)}"
        return Sent(assignment, client, path, f"{self.stack.url('assessments')}{path}")

    @asynccontextmanager
    async def browser(self, language: str = "en") -> AsyncIterator["Browser"]:
        """With cookies of its own."""
        headers = {"accept": "text/html", "accept-language": language}
        async with httpx.AsyncClient(base_url=self.stack.url("assessments"), timeout=15, headers=headers) as http:
            yield Browser(http)

    async def answers(self, sent: Sent) -> dict[str, str]:
        """All that is saved of it, by item; of items that instruments share the last one."""
        found = await self.fetch("select answers::text from assessment_response where assignment_id = $1", sent.assignment_id)
        given: dict[str, str] = {}
        for row in found:
            given |= httpx.Response(200, content=row[0]).json()
        return given

    async def everything(self, client: UUID) -> dict[str, list[str]]:
        """Every row about the client, in every table, with the transaction that wrote it."""
        tables = await self.fetch("select table_name from information_schema.columns where column_name = 'client_id' order by 1")
        found = {name: await self.fetch(f"select xmin::text from {name} where client_id = $1", client) for (name,) in tables}
        return {name: sorted(row[0] for row in rows) for name, rows in found.items()}


@dataclass
class Browser:
    http: httpx.AsyncClient

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, fields: dict[str, str], **more: Any) -> httpx.Response:
        return await self.http.post(path, data=fields, **more)

    async def answer(self, sent: Sent, place: str, code: str, **more: Any) -> httpx.Response:
        """As a person does it: looks at the page, presses its button."""
        path = f"{sent.path}/questions/{place}"
        return await self.post(path, {**await self.proof(path), "answer": code}, **more)

    async def proof(self, path: str) -> dict[str, str]:
        page = await self.get(path)
        assert page.status_code == 200, page.text
        return {"form_proof": Hidden(page.text).fields["form_proof"]}


class Hidden(HTMLParser):
    """The hidden fields of a page's forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given["name"] or ""] = given["value"] or ""


def assert_page(answer: httpx.Response, status: int, language: str = "en") -> str:
    seen = re.sub(r"(?s)<style>.*?</style>", "", answer.text)
    assert answer.status_code == status, seen
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "<script" not in answer.text
    return seen
