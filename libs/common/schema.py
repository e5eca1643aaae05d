"""Tables that every service has for its bus: journal, relay cursor, applied positions, parked clients, idempotency keys."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, JSONB, TIMESTAMP, UUID

from common.journal import PAYLOAD_LIMIT


def moment(name: str, *, nullable: bool = False, filled: bool = False, begun: bool = False) -> sa.Column[object]:
    """`filled` with the time of the statement, or with that at which its transaction `begun`."""
    default = sa.text("clock_timestamp()") if filled else sa.text("now()") if begun else None
    return sa.Column(name, TIMESTAMP(timezone=True), nullable=nullable, server_default=default)


def add_journal(metadata: sa.MetaData) -> None:
    sa.Table(
        "journal_head",
        metadata,
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("digest", BYTEA, nullable=False),
    )
    sa.Table(
        "journal",
        metadata,
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False, unique=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", UUID(as_uuid=True), nullable=False, index=True),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("digest", BYTEA, nullable=False),
        moment("recorded_at", filled=True),
        sa.CheckConstraint(f"octet_length(payload) <= {PAYLOAD_LIMIT}", name="payload"),
    )
    sa.Table(
        "relay_cursor",
        metadata,
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )


def add_applied(metadata: sa.MetaData) -> None:
    sa.Table(
        "applied",
        metadata,
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("digest", BYTEA, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger, nullable=False),
    )
    sa.Table(
        "parked_client",
        metadata,
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("client_id", UUID(as_uuid=True), primary_key=True, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        moment("parked_at", filled=True),
    )
    sa.Table(
        "parked_event",
        metadata,
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("client_id", UUID(as_uuid=True), nullable=False, index=True),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("traceparent", sa.Text),
        sa.Column("digest", BYTEA, nullable=False),
    )
    sa.Table(
        "dead_letter",
        metadata,
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kafka_offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("value", BYTEA),
        moment("at", filled=True),
    )


def add_idempotency(metadata: sa.MetaData) -> None:
    sa.Table(
        "idempotency",
        metadata,
        sa.Column("caller", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_digest", BYTEA, nullable=False),
        sa.Column("body", JSONB),
        moment("at", filled=True),
    )
