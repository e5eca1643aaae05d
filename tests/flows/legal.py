"""Two privacy officers and a legal demand, over HTTP on the real stack."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from tests.story import Story, eventually


@dataclass
class Office:
    """`first` records, `second` approves."""

    story: Story
    first: UUID = field(default_factory=uuid4)
    second: UUID = field(default_factory=uuid4)

    async def call(self, officer: UUID, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.story.call("consent", method, path, self.story.token("privacy_officer", officer), **more)

    async def done(self, officer: UUID, method: str, path: str, **more: Any) -> Any:
        answer = await self.call(officer, method, path, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def paper(self, kind: str = "demand", content: bytes = b"%PDF-1.7 a paper") -> str:
        return str((await self.done(self.first, "POST", f"/v1/legal-documents?kind={kind}", content=content))["document_id"])

    async def body(self, client: UUID, **more: Any) -> dict[str, Any]:
        """An order of a court about satisfaction, last week and today."""
        now = datetime.now(UTC)
        scope = {
            "categories": ["satisfaction"],
            "since": str((now - timedelta(days=7)).date()),
            "until": str(now.date()),
            "programme": "care_connect",
        }
        said = {
            "client_id": str(client),
            "kind": "court_order",
            "legal_basis": "order_of_tribunal",
            "authority_name": f"Superior Court {uuid4().hex[:6]}",
            "authority_address": "1 Court Street, Boston, MA",
            "identity_evidence": "letterhead",
            "reference": f"2026-CV-{uuid4().hex[:6]}",
            "received_at": (now - timedelta(hours=1)).isoformat(),
            "respond_by": (now + timedelta(days=4)).isoformat(),
            "statements": ["expressly_authorized"],
            "scope": scope,
            "minimum_necessary": "The order names the answers of one week.",
        }
        return said | {"document_id": more.pop("document_id", None) or await self.paper()} | more

    async def recorded(self, client: UUID, **more: Any) -> dict[str, Any]:
        body = await self.body(client, **more)

        async def known() -> httpx.Response | None:
            answer = await self.call(self.first, "POST", "/v1/legal-demands", json=body)
            return None if answer.json().get("code") == "unknown_client" else answer

        answer = await eventually(known)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def approved(self, demand: dict[str, Any]) -> None:
        path = f"/v1/legal-demands/{demand['demand_id']}/approval"
        await self.done(self.second, "POST", path, json={"digest": demand["digest"]})
        await self.collected(demand["demand_id"])

    async def collected(self, demand_id: str) -> None:
        async def all_there() -> bool:
            return {part["state"] for part in (await self.case(demand_id))["parts"]} == {"collected"}

        await eventually(all_there, 60)

    async def case(self, demand_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.done(self.second, "GET", f"/v1/legal-demands/{demand_id}")
        return found

    async def issue(self, demand_id: str, scope: dict[str, Any] | None = None) -> httpx.Response:
        path = f"/v1/legal-demands/{demand_id}/releases"
        return await self.call(self.second, "POST", path, json={"scope": scope} if scope else {})

    async def token(self, demand_id: str) -> str:
        issued = await self.issue(demand_id)
        assert issued.status_code == 201, issued.text
        return str(issued.json()["token"])

    async def take(self, token: str, caller: dict[str, str] | None = None) -> httpx.Response:
        who = self.story.token("privacy_officer", self.second) if caller is None else caller
        return await self.story.call("consent", "GET", f"/v1/legal-releases/{token}", who)

    async def at(self, now: datetime) -> None:
        """Consent's clock stands there, and goes on from there."""
        answer = await self.story.call("consent", "PUT", "/v1/clock", self.story.token("operations"), json={"now": now.isoformat()})
        assert answer.status_code == 200, answer.text

    async def told(self, client: UUID) -> list[str]:
        answer = await self.story.call("scheduling", "GET", "/v1/notifications?limit=100", self.story.token("client", client))
        return [item["template"] for item in answer.json()["items"]]

    async def accounting(self, client: UUID, *, as_officer: bool) -> list[dict[str, Any]]:
        """What stands in it of legal demands."""
        who = self.story.token("privacy_officer", self.first) if as_officer else self.story.token("client", client)
        answer = await self.story.call("consent", "GET", f"/v1/clients/{client}/accounting-of-disclosures", who)
        assert answer.status_code == 200, answer.text
        return [entry for entry in answer.json()["items"] if entry["path"] == "legal_release"]


def unpacked(answer: httpx.Response) -> dict[str, Any]:
    """The files of a release, by name."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


async def rows_of(database: str, tables: list[str]) -> dict[str, str]:
    """Each table's content, as one digest."""
    connection = await asyncpg.connect(database)
    try:
        digest = "select md5(coalesce(string_agg(t::text, '\n' order by t::text), '')) from {} t"
        return {table: await connection.fetchval(digest.format(table)) for table in tables}
    finally:
        await connection.close()


async def tables_of(database: str) -> list[str]:
    connection = await asyncpg.connect(database)
    try:
        return [row["tablename"] for row in await connection.fetch("select tablename from pg_tables where schemaname = 'public'")]
    finally:
        await connection.close()


async def places_with(database: str, content: bytes) -> list[str]:
    """Where these bytes stand as they are: tables, row by row, and files of the write-ahead log."""
    connection = await asyncpg.connect(database)
    try:
        # The database writes bytes as hexadecimal digits, and text as it is.
        either = "strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0"
        text = content.decode("ascii", "replace")
        found = [
            table
            for table in await tables_of(database)
            if await connection.fetchval(f"select exists (select from {table} t where {either})", content.hex(), text)
        ]
        # A file that is recycled while this looks is passed over.
        log = "select name from pg_ls_waldir() where position($1 in pg_read_binary_file('pg_wal/' || name, true)) > 0"
        return found + [row["name"] for row in await connection.fetch(log, content)]
    finally:
        await connection.close()
