"""`make run`: keeps the whole stack up on data that stays, prints its addresses, and stops it at Ctrl-C."""

import fcntl
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg

from deploy.local.infrastructure import Infrastructure
from deploy.local.paths import server_home
from deploy.local.stack import PRIVACY_ADDRESS, SERVICES, Stack

WIDTH = 14


class KeptInfrastructure(Infrastructure):
    """Servers whose databases may be there from the run before."""

    async def create_database(self, name: str, template: str = "template1") -> None:
        """Makes the database `name` unless it is there."""
        with suppress(asyncpg.DuplicateDatabaseError):
            await super().create_database(name, template)


def main() -> None:
    """Until Ctrl-C or SIGTERM, which take the same way."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(server_home() / "run")
    except KeyboardInterrupt:
        print("Stopped; the data stays.", flush=True)


def run(folder: Path) -> None:
    """On the data in `folder`, one at a time. Ends by KeyboardInterrupt."""
    with ExitStack() as started:
        started.enter_context(alone(folder))
        began = time.monotonic()
        infrastructure = started.enter_context(KeptInfrastructure(folder))
        stack = Stack(infrastructure, folder / "services")
        started.callback(stack.stop)
        stack.start()
        print(f"Ready to serve in {time.monotonic() - began:.1f} s; logs and data in {folder}\n")
        print(addresses(stack), flush=True)
        threading.Event().wait()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Two stacks on the same data would ruin it; the kernel lets go of the lock when its holder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"It runs already, on the data in {folder}.") from None
        yield


def addresses(stack: Stack) -> str:
    """Where everything is, and a request to begin with."""
    operations = stack.issuer.bearer("operations", UUID(int=0x0E))["authorization"]
    lines = [f"{service:{WIDTH}}{stack.url(service)}/docs" for service in SERVICES]
    lines += [
        f"{'token issuer':{WIDTH}}{stack.url('issuer')}",
        f"{'mail to us':{WIDTH}}smtp://127.0.0.1:{stack.ports['consent smtp']} (to {PRIVACY_ADDRESS})",
        f"{'our answers':{WIDTH}}{stack.url('mailbox')}/mails",
        f"{'PostgreSQL':{WIDTH}}{stack.infrastructure.server}",
        f"{'Kafka':{WIDTH}}{stack.infrastructure.bootstrap}",
        "",
        "A first employer, as operations:",
        "",
        f"  curl -s {stack.url('scheduling')}/v1/employers \\",
        f"    -H 'Authorization: {operations}' \\",
        f"    -H 'Idempotency-Key: {uuid4()}' -H 'Content-Type: application/json' \\",
        """    -d '{"name": "Harbor Freightways", "programmes": ["care_connect"]}'""",
        "",
        "A token for anybody (client, provider, employer, plan, privacy_officer, operations):",
        "",
        f"  curl -s {stack.url('issuer')}/token -d grant_type=client_credentials -d client_id=me \\",
        f"    -d client_secret=local-stack-only -d role=client -d subject={uuid4()}",
        "",
        "Ctrl-C stops it.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
