"""The stack as the demo sees it: addresses, and tokens for whomever it plays. Who started the stack does not matter."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from deploy.local.databases import dsn_of
from deploy.local.issuer import Issuer
from deploy.local.stack import SECRET, SERVICES, Stack

OPERATIONS = UUID(int=0x0E)
PRIVACY_OFFICER = UUID(int=0xF0)
Header = Mapping[str, str]


class RemoteIssuer:
    """A token issuer that runs somewhere, asked once for each token."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._bearers: dict[tuple[str, UUID], dict[str, str]] = {}

    def bearer(self, role: str, subject: UUID) -> dict[str, str]:
        """Raises httpx.HTTPError. Blocks."""
        if (role, subject) not in self._bearers:
            form = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": SECRET, "role": role, "subject": str(subject)}
            granted = httpx.post(f"{self.address}/token", data=form).raise_for_status().json()
            self._bearers[role, subject] = {"authorization": f"Bearer {granted['access_token']}"}
        return self._bearers[role, subject]


@dataclass(frozen=True)
class System:
    """`postgres` is a DSN of the server: only timelines look into the databases."""

    urls: Mapping[str, str]
    postgres: str
    bootstrap: str
    issuer: Issuer | RemoteIssuer
    smtp: tuple[str, int]
    """Where the mail gateway hands mails on to."""
    _bearers: dict[tuple[str, UUID], Header] = field(default_factory=dict)

    name = ""
    """No prefix before databases and topics."""

    @property
    def embedded(self) -> bool:
        return isinstance(self.issuer, Issuer)

    def url(self, service: str) -> str:
        return self.urls[service]

    def names(self, service: str) -> list[str]:
        """One instance of each service."""
        return [service]

    def database(self, service: str) -> str:
        return dsn_of(self.postgres, service)

    @property
    def infrastructure(self) -> "System":
        """Whoever asks a `Stack` for its servers finds them here."""
        return self

    async def bearer(self, role: str, subject: UUID) -> Header:
        if (role, subject) not in self._bearers:
            self._bearers[role, subject] = await asyncio.to_thread(self.issuer.bearer, role, subject)
        return self._bearers[role, subject]


def of_stack(stack: Stack) -> System:
    """A stack that this process has started."""
    urls = {service: stack.url(service) for service in (*SERVICES, "mailbox")}
    smtp = ("127.0.0.1", stack.ports["consent smtp"])
    return System(urls, stack.infrastructure.server, stack.infrastructure.bootstrap, stack.issuer, smtp)


def of_environment() -> System:
    """A stack that runs somewhere, by `CARE_CONNECT_…`. RuntimeError where an address is missing."""
    urls = {service: _address(f"{service.upper()}_URL") for service in (*SERVICES, "mailbox")}
    host, _, port = _address("SMTP").rpartition(":")
    return System(urls, _address("POSTGRES"), _address("KAFKA"), RemoteIssuer(_address("ISSUER_URL")), (host, int(port)))


def _address(name: str) -> str:
    try:
        return os.environ[f"CARE_CONNECT_{name}"].rstrip("/")
    except KeyError as missing:
        raise RuntimeError(f"STACK=compose needs {missing}") from None
