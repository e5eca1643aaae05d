"""Acceptance 4: a partner that does what docs/guides/partner-topics.md says, with Kafka's own console consumer, on a broker that asks."""

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError

from common.contracts.partner import individual_topic
from deploy.local.infrastructure import Infrastructure
from deploy.local.kafka import Kafka
from deploy.local.kafka_tools import write_tools
from deploy.local.paths import ROOT
from deploy.local.ports import free_ports
from deploy.local.stack import SERVICES, Stack
from tests.story import Story, eventually

GUIDE = ROOT / "docs" / "guides" / "partner-topics.md"
SETTINGS, PROPERTIES, INDIVIDUAL, NOTICES, AGGREGATES = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
OTHER = "other-plan"
PATIENCE = 90
"""Seconds: a console consumer is a Java machine that starts, on a computer that does other things."""

pytestmark = pytest.mark.timeout(400)


@dataclass
class Desk:
    """Where somebody at a partner works: Kafka's folder, and the settings of the guide's first block."""

    home: Path
    kafka: str
    slug: str
    password: str

    def run(self, commands: str) -> None:
        subprocess.run(["sh", "-euc", commands], cwd=self.home, env=self.environment, check=True)

    @contextmanager
    def running(self, commands: str) -> Iterator[Path]:
        """Yields what it writes, errors too; ended with the block as by Ctrl-C, all that it started with it."""
        written = self.home / f"{uuid4().hex}.txt"
        with written.open("wb") as out:
            process = subprocess.Popen(
                ["sh", "-euc", commands], cwd=self.home, env=self.environment, stdout=out, stderr=out, start_new_session=True
            )
        try:
            yield written
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
            process.wait()

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "KAFKA": self.kafka, "SLUG": self.slug, "PASSWORD": self.password}


@dataclass
class Network:
    """A stack on a broker with a listener for partners, and the means of those who run it."""

    stack: Stack
    kafka: Kafka
    folder: Path

    def desk(self, slug: str, *, known: bool = True) -> Desk:
        made = Desk(write_tools(self.folder / uuid4().hex), self.kafka.partners, slug, uuid4().hex)
        if known:
            environment = os.environ | {
                "KAFKA": self.kafka.bootstrap, "KAFKA_HOME": str(made.home), "SLUG": slug, "PARTNER_PASSWORD": made.password,
            }  # fmt: skip
            subprocess.run([ROOT / "deploy" / "compose" / "partner.sh"], env=environment, check=True, stdout=subprocess.DEVNULL)
        made.run(PROPERTIES)
        return made


@pytest.fixture(scope="module")
async def network(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    folder = tmp_path_factory.mktemp("network")
    kafka = Kafka(folder / "kafka", free_ports(1)[0], partners=True)
    await asyncio.to_thread(kafka.start, 120)
    own = Infrastructure(stack="external").start()
    own.bootstrap = kafka.bootstrap
    without_prefix = {f"{service.upper()}_TOPIC_PREFIX": "" for service in SERVICES}
    stack = Stack(own, folder / "stack", name=f"guide_{uuid4().hex[:6]}_", settings=without_prefix)
    try:
        await asyncio.to_thread(stack.start)
        yield Network(stack, kafka, folder)
    finally:
        await asyncio.to_thread(stack.stop)
        await asyncio.to_thread(kafka.stop)


async def line_of(written: Path, *words: str) -> str:
    """The first line with all of these words, once it is there."""

    async def found() -> str | None:
        return next((line for line in text_of(written).splitlines() if all(word in line for word in words)), None)

    try:
        line: str = await eventually(found, PATIENCE)
    except TimeoutError:
        pytest.fail(f"no {words} in:\n{text_of(written)[-3000:]}")
    return line


def text_of(written: Path) -> str:
    return written.read_text()


async def test_C5_R5_with_the_guide_a_partner_sees_records_tombstone_and_recall_and_nobody_else_does(
    network: Network, http: httpx.AsyncClient
) -> None:
    assert re.findall(r"^\w+", SETTINGS, re.MULTILINE) == ["KAFKA", "SLUG", "PASSWORD"]
    story = await Story(network.stack, http).open()
    slug = story.partner.slug
    partner, other = await asyncio.gather(asyncio.to_thread(network.desk, slug), asyncio.to_thread(network.desk, OTHER))
    client = await story.sharing_client()

    with partner.running(INDIVIDUAL) as individual, partner.running(NOTICES) as notices:
        record = await line_of(individual, "ce_type:partner.individual.v1", '"resourceType": "Bundle"')
        token = re.split(r"\t", record)[1]
        assert re.fullmatch(r"[0-9a-f-]{36}", token) and '"resourceType": "Patient"' in record
        assert (await story.opt_out(client))["status"] == "effective"
        tombstone = await line_of(individual, "ce_type:partner.individual.deleted.v1", token)
        assert tombstone.endswith("\tnull")
        recall = await line_of(notices, "ce_type:partner.recall_requested.v1")
        assert f"{network.stack.url('reporting')}/v1/recalls/" in recall
        assert str(client) not in text_of(individual) + text_of(notices)

    await nobody_else(network, partner, other, token)
    assert not await may_write(partner)


async def nobody_else(network: Network, partner: Desk, other: Desk, token: str) -> None:
    """Another's user is refused, a wrong password and none at all; the partner's own is not, on the topic that holds nothing yet."""
    nobody = network.desk(partner.slug, known=False)  # a password that was never given out
    with (
        other.running(as_other(INDIVIDUAL, partner.slug)) as theirs,
        nobody.running(INDIVIDUAL) as guessed,
        nobody.running(bare(INDIVIDUAL)) as bared,
        partner.running(f"{AGGREGATES.rstrip()} --timeout-ms 20000") as aggregates,
    ):
        await line_of(theirs, f"Not authorized to access topics: [{individual_topic(partner.slug)}]")
        await line_of(guessed, "Authentication failed")
        await line_of(bared, "disconnected")
        for written in (theirs, guessed, bared):
            assert token not in text_of(written) and "ce_type" not in text_of(written)
        await line_of(aggregates, "Processed a total of 0 messages")
        assert "uthoriz" not in text_of(aggregates)


def as_other(commands: str, slug: str) -> str:
    """Another's topic, in a group of its own."""
    return commands.replace("partner.$SLUG.", f"partner.{slug}.")


def bare(commands: str) -> str:
    """Without saying who."""
    return commands.replace("--consumer.config partner.properties ", "")


async def may_write(desk: Desk) -> bool:
    producer = AIOKafkaProducer(
        bootstrap_servers=desk.kafka,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=desk.slug,
        sasl_plain_password=desk.password,
        enable_idempotence=False,
    )
    await producer.start()
    try:
        await producer.send_and_wait(individual_topic(desk.slug), b"{}", key=b"1")
    except TopicAuthorizationFailedError:
        return False
    finally:
        await producer.stop()
    return True
