"""The reports alone, served from a database that holds what was published: the service's own routes, pages and reader."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI

from common.auth import Verifier
from common.clock import Clock
from common.db import Database
from common.http import add_error_handlers
from common.journal import Journal
from common.pages.rendering import Pages, Site
from deploy.local import issuer as issuing
from deploy.local.issuer import AUDIENCE, Issuer
from reporting.reports.pages import router as pages
from reporting.reports.reader import open_reader
from reporting.reports.routes import router as reports
from reporting.reports.site import FOLDER, REPORTS

KEY = "served-reports-only"


@dataclass
class Served:
    app: FastAPI
    issuer: Issuer
    url: str
    http: httpx.AsyncClient

    async def get(self, role: str, subject: UUID, path: str, **more: str) -> httpx.Response:
        """With a token, as a program does it."""
        return await self.http.get(path, headers={**self.issuer.bearer(role, subject), **more})

    async def look(self, role: str, subject: UUID, path: str, language: str = "en") -> httpx.Response:
        """With a session, as a browser does it."""
        cookie = {"cookie": f"session={self.issuer.mint(role, subject)}", "accept-language": language}
        return await self.http.get(path, headers=cookie)


@asynccontextmanager
async def served(url: str, folder: Path, *, browsers: bool = False) -> AsyncIterator[Served]:
    """`browsers`: on a port of its own, for those who need one."""
    issuer = Issuer.at(folder / "issuer.pem", "http://issuer")
    reader, db = await open_reader(url), await Database.open(url)
    keys = httpx.AsyncClient(transport=httpx.ASGITransport(issuing.create_app(issuer, "secret")))
    app = FastAPI()
    add_error_handlers(app)
    app.include_router(reports)
    app.include_router(pages)
    app.state.db, app.state.journal, app.state.clock = db, Journal("reporting", 16), Clock()
    app.state.reports, app.state.verifier = reader, Verifier(keys, "http://issuer/jwks.json", issuer.address, AUDIENCE)
    try:
        if browsers:
            async with _listening(app) as here:
                app.state.pages = Pages(Site(FOLDER, (REPORTS,), here, KEY, (), False))
                async with httpx.AsyncClient(base_url=here, timeout=15) as http:
                    yield Served(app, issuer, here, http)
        else:
            app.state.pages = Pages(Site(FOLDER, (REPORTS,), "http://reports", KEY, (), False))
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reports") as http:
                yield Served(app, issuer, "http://reports", http)
    finally:
        await keys.aclose()
        await reader.close()
        await db.close()


@asynccontextmanager
async def _listening(app: FastAPI) -> AsyncIterator[str]:
    with socket.socket() as open_socket:
        open_socket.bind(("127.0.0.1", 0))
        port = open_socket.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[open_socket]))
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
        server.should_exit = True
        await serving
