"""The tables of the first release. Written out and never changed again: `tables.py` moves on, this page does not."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()


def upgrade() -> None:
    """From nothing."""
    _log()
    _outbox()
    _administration()


def _log() -> None:
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("access", sa.Integer(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("audit_position", sa.BigInteger(), nullable=False),
        sa.Column("audit_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_head_one_row")),
    )
    nothing = {"position": 0, "organisation": 0, "access": 0, "opened": 0, "audit_position": 0}
    op.bulk_insert(head, [{"id": 1, "hash": bytes(32), "audit_hash": bytes(32), **nothing}])
    op.create_table(
        "events",
        sa.Column("position", POSITION, primary_key=True, autoincrement=False),
        sa.Column("alarm", ID, nullable=False),
        sa.Column("site", ID),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_events_alarm_position", "events", ["alarm", "position"])
    op.create_table(
        "alarms",
        sa.Column("id", ID, primary_key=True),
        sa.Column("site", ID),
        sa.Column("zone", ID),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("joinable", sa.Boolean(), nullable=False),
        sa.Column("due", INSTANT),
        sa.Column("opened_position", sa.BigInteger(), nullable=False, unique=True),
        sa.Column("summary", sa.Text(), nullable=False),
    )
    is_open = sa.column("open", sa.Boolean()) == sa.true()
    for name, column in (("open", "opened_position"), ("open_code", "code"), ("open_cause", "cause")):
        op.create_index(f"ix_alarms_{name}", "alarms", [column], postgresql_where=is_open, sqlite_where=is_open)
    joins = sa.column("joinable", sa.Boolean()) == sa.true()
    op.create_index("ix_alarms_joinable_zone", "alarms", ["zone"], postgresql_where=joins, sqlite_where=joins)
    is_due = sa.column("due").is_not(None)
    op.create_index("ix_alarms_due", "alarms", ["due"], postgresql_where=is_due, sqlite_where=is_due)


def _outbox() -> None:
    op.create_table(
        "signals",
        sa.Column("sender", ID, primary_key=True),
        sa.Column("ref", ID, primary_key=True),
        sa.Column("signal", ID, nullable=False),
        sa.Column("alarm", ID, nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "effects",
        sa.Column("id", ID, primary_key=True),
        sa.Column("alarm", ID, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_until", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_effects_claimed_until_due_at", "effects", ["claimed_until", "due_at"])


def _administration() -> None:
    op.create_table(
        "organisations",
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
    )
    op.create_table(
        "keys",
        sa.Column("name", ID, primary_key=True),
        sa.Column("hash", ID, nullable=False, unique=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("device", ID),
        sa.Column("site", ID),
        sa.Column("person", ID),
    )
    op.create_table(
        "accounts",
        sa.Column("person", ID, primary_key=True),
        sa.Column("password", sa.Text()),
        sa.Column("pin", sa.Text()),
        sa.Column("duress_pin", sa.Text()),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", ID, primary_key=True),
        sa.Column("person", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("position", POSITION, primary_key=True, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
