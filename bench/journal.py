"""Journal appends a second, beside the insert of the same row into a plain outbox: what gapless positions and the chain cost."""

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from uuid import uuid4

from bench import figures, seeding
from bench.machine import Foreign
from common.contracts.consent import OptedOut
from common.contracts.vocabulary import Channel, Programme, Purpose, Recipient
from common.db import Connection, open_pool
from common.journal import APPEND, FIRST_DIGEST, Journal
from deploy.local.infrastructure import Infrastructure

# The row of the journal, its keys and indexes, under a serial number of its own; a digest as long, but not computed.
OUTBOX = """
create table plain_outbox (
  id bigint generated always as identity primary key,
  stream int not null, event_id uuid not null unique, type text not null, subject uuid not null, payload text not null, traceparent text,
  digest bytea not null, recorded_at timestamptz not null default clock_timestamp());
create index on plain_outbox (subject)"""

INSERT = """
insert into plain_outbox (stream, event_id, type, subject, payload, traceparent, digest) values ($1, $2, $3, $4, $5, $6, $7)
returning id"""

CONNECTIONS = (1, 32)
JOURNAL = Journal("consent", seeding.STREAMS)


def new_event() -> OptedOut:
    return OptedOut(
        occurred_at=time_of_event,
        client_id=uuid4(),
        programme=Programme.CARE_CONNECT,
        recipient=Recipient.HEALTH_PLAN,
        purpose=Purpose.PERSONALISED_RECOMMENDATIONS,
        channel=Channel.PORTAL,
    )
