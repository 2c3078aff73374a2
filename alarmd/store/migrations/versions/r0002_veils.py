"""What those see of an alarm who may not know that it goes on after a cancel by PIN."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """One more table."""
    op.create_table(
        "veils",
        sa.Column("alarm", ID, primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    goes_on = sa.column("open", sa.Boolean()) == sa.true()
    op.create_index("ix_veils_open", "veils", ["alarm"], postgresql_where=goes_on, sqlite_where=goes_on)
