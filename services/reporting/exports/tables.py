"""Individual exports as rows: parts by stream and resource type, a generation that moves with every redaction, and what was deleted."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from common.schema import moment
from reporting.schema import metadata

export = sa.Table(
    "export",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("recipient_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("programme", sa.Text),
    sa.Column("types", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("patients", pg.ARRAY(pg.UUID(as_uuid=True))),
    moment("since", nullable=True),
    sa.Column("by_patient", sa.Boolean, nullable=False),
    sa.Column("output_format", sa.Text, nullable=False),
    sa.Column("manifest_version", sa.Integer, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("ignored", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    moment("requested_at", filled=True),
    moment("transaction_time", nullable=True),
    moment("completed_at", nullable=True),
    moment("expires_at", nullable=True),
    moment("polled_at", nullable=True),
    sa.Column("polls", sa.Integer, nullable=False, server_default="0"),
    sa.Index("export_open_idx", "requested_at", postgresql_where=sa.text("status = 'in_progress'")),
    sa.Index("export_expiring_idx", "expires_at", postgresql_where=sa.text("status = 'complete'")),
)

export_stream = sa.Table(
    "export_stream",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), sa.ForeignKey("export.export_id"), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    comment="the streams of an export that are built: a worker that takes over goes on with the others",
)

# `part`: a resource type, or `all` where an export is organised by patient.
export_part = sa.Table(
    "export_part",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), sa.ForeignKey("export.export_id"), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
)

# `category` is null for what every consent comes with: the Patient that the others refer to, and the Consent itself.
export_row = sa.Table(
    "export_row",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("client_id", pg.UUID(as_uuid=True), nullable=False, index=True),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("token", pg.UUID(as_uuid=True), nullable=False),
    sa.Column("category", sa.Text),
    sa.Column("resource", sa.Text),
    sa.Column("line", sa.Text, nullable=False),
    comment="resource: its reference as Type/id; null for the header of a patient's block",
)

export_deletion = sa.Table(
    "export_deletion",
    metadata,
    sa.Column("export_id", pg.UUID(as_uuid=True), primary_key=True),
    sa.Column("token", pg.UUID(as_uuid=True), primary_key=True, index=True),
    sa.Column("stream", sa.Integer, nullable=False),
    sa.Column("resources", pg.ARRAY(sa.Text), nullable=False),
    moment("deleted_at", filled=True),
)
