"""The whole local stack: PostgreSQL and Kafka, the token issuer, and the four services as processes of their own."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from consent.ledger.signing import make_key
from deploy.local.infrastructure import Infrastructure
from deploy.local.issuer import Issuer
from deploy.local.ports import free_ports
from deploy.local.processes import Process

SERVICES = ("consent", "scheduling", "assessments", "reporting")
SECRET = "local-stack-only"
PRIVACY_ADDRESS = "privacy@care-connect.example"
PORTAL_ADDRESS = "portal@members.example"
AUTHSERV_ID = "mx.care-connect.example"


@dataclass
class Stack:
    """Runs against servers that are up. `name` keeps two stacks on the same servers apart: databases, topics and consumer groups."""

    infrastructure: Infrastructure
    folder: Path
    name: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """More environment for the services, by its full name (`CONSENT_SINK_DUE_SECONDS`)."""
    instances: Mapping[str, int] = field(default_factory=dict)
    """How many of a service; one unless said otherwise."""
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    issuer: Issuer = field(init=False)
    timings: dict[str, float] = field(default_factory=dict)
    _started: ExitStack = field(default_factory=ExitStack)

    def start(self) -> "Stack":
        """Starts everything and waits until every service can serve."""
        began = time.monotonic()
        try:
            self._prepare()
            for process in self.processes.values():
                self._started.callback(process.stop)
                process.start()
            services = {name for service in SERVICES for name in self.names(service)}
            for name, process in self.processes.items():
                process.wait_ready(f"{self.url(name)}/{'readyz' if name in services else 'livez'}", 60)
        except BaseException:
            self.stop()
            raise
        self.timings["services"] = time.monotonic() - began
        return self

    def stop(self) -> None:
        """Asks all to end at once, then waits for each."""
        for process in self.processes.values():
            if process.alive:
                os.kill(process.pid, signal.SIGTERM)
        self._started.close()

    def __enter__(self) -> "Stack":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def names(self, service: str) -> list[str]:
        """The processes of a service: `consent`, `consent-2` …"""
        return [service] + [f"{service}-{n}" for n in range(2, self.instances.get(service, 1) + 1)]

    def database(self, service: str) -> str:
        return self.infrastructure.dsn(f"{self.name}{service}")

    @property
    def signing_key(self) -> Path:
        return self.folder / "consent.pem"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        services = [name for service in SERVICES for name in self.names(service)]
        every = ["issuer", "mailbox", "mailbox smtp", *services, *(f"{name} smtp" for name in self.names("consent"))]
        self.ports.update(zip(every, free_ports(len(every)), strict=True))
        self.issuer = Issuer.at(self.folder / "issuer.pem", self.url("issuer"))
        make_key(self.signing_key)
        asyncio.run(self._make_databases())
        issuer = [sys.executable, "-m", "deploy.local.issuer", str(self.folder / "issuer.pem"), str(self.ports["issuer"]), SECRET]
        self.processes["issuer"] = Process("issuer", issuer, self.folder / "issuer.log")
        mailbox = [sys.executable, "-m", "deploy.local.mailbox", str(self.ports["mailbox smtp"]), str(self.ports["mailbox"])]
        self.processes["mailbox"] = Process("mailbox", mailbox, self.folder / "mailbox.log")
        for service in SERVICES:
            for number, name in enumerate(self.names(service), start=1):
                argv = [sys.executable, "-m", f"{service}.app"]
                env = dict(self._environment(service, name, number))
                self.processes[name] = Process(name, argv, self.folder / f"{name}.log", env)

    async def _make_databases(self) -> None:
        await asyncio.gather(*(self.infrastructure.create_database(f"{self.name}{service}") for service in SERVICES))

    def _environment(self, service: str, name: str, number: int) -> Iterable[tuple[str, str]]:
        prefix = service.upper()
        yield f"{prefix}_PORT", str(self.ports[name])
        yield f"{prefix}_INSTANCE", str(number)
        yield f"{prefix}_DATABASE_URL", self.database(service)
        yield f"{prefix}_KAFKA", self.infrastructure.bootstrap
        yield f"{prefix}_TOPIC_PREFIX", f"{self.name}." if self.name else ""
        yield f"{prefix}_TOKEN_ISSUER", self.url("issuer")
        yield f"{prefix}_JWKS_URL", f"{self.url('issuer')}/jwks.json"
        yield f"{prefix}_TOKEN_URL", f"{self.url('issuer')}/token"
        yield f"{prefix}_CLIENT_ID", service
        yield f"{prefix}_CLIENT_SECRET", SECRET
        yield f"{prefix}_CLOCK", "simulated"
        if service == "consent":
            yield from self._environment_of_consent(name)
        if service == "scheduling":
            yield from self._environment_of_scheduling()
        if service == "assessments":
            yield "ASSESSMENTS_PUBLIC_URL", self.url("assessments")
            yield "ASSESSMENTS_LINK_KEY", SECRET
            yield "ASSESSMENTS_COOKIE_SECURE", "false"
        if service == "reporting":
            yield "REPORTING_PUBLIC_URL", self.url("reporting")
            yield "REPORTING_COOKIE_SECURE", "false"
            yield "REPORTING_RELEASE_EVERY_SECONDS", "0"
            yield "REPORTING_SEALING_FOLDER", str(self.folder / "sealing")
            yield "REPORTING_WEBHOOKS_OVER_HTTP", "true"
        for neighbour in NEIGHBOURS[service]:
            yield f"{prefix}_{neighbour.upper()}_URL", self.url(neighbour)
        for key, value in self.settings.items():
            if key.startswith(prefix):
                yield key, value

    def _environment_of_consent(self, name: str) -> Iterable[tuple[str, str]]:
        yield "CONSENT_SIGNING_KEY_FILE", str(self.signing_key)
        yield "CONSENT_PUBLIC_URL", self.url("consent")
        yield "CONSENT_PRIVACY_ADDRESS", PRIVACY_ADDRESS
        yield "CONSENT_ADDRESS_KEY", SECRET
        yield "CONSENT_DOCUMENT_KEY", SECRET
        yield "CONSENT_AUTHSERV_ID", AUTHSERV_ID
        yield "CONSENT_SMTP_PORT", str(self.ports[f"{name} smtp"])
        yield "CONSENT_SMTP_RELAY_HOST", "127.0.0.1"
        yield "CONSENT_SMTP_RELAY_PORT", str(self.ports["mailbox smtp"])
        yield "CONSENT_COOKIE_SECURE", "false"
        yield "CONSENT_CHECKPOINT_SECONDS", "5"

    def _environment_of_scheduling(self) -> Iterable[tuple[str, str]]:
        yield "SCHEDULING_PUBLIC_URL", self.url("scheduling")
        yield "SCHEDULING_MAIL_FROM", PORTAL_ADDRESS
        yield "SCHEDULING_SMTP_RELAY_HOST", "127.0.0.1"
        yield "SCHEDULING_SMTP_RELAY_PORT", str(self.ports["mailbox smtp"])
        yield "SCHEDULING_COOKIE_SECURE", "false"


NEIGHBOURS = {
    "consent": ("scheduling", "assessments", "reporting"),
    "scheduling": ("consent",),
    "assessments": ("scheduling",),
    "reporting": ("consent", "scheduling", "assessments"),
}
