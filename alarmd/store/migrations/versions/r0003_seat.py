"""Which node takes the presses that the broker keeps, and which of them are stored. Two tables more: an older
node beside us goes on as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the two tables; nobody sits yet."""
    seat = op.create_table(
        "seat",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("term", sa.BigInteger(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("session", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_seat_one_row")),
    )
    op.bulk_insert(seat, [{"id": 1, "holder": "", "term": 0, "beat": 0, "session": 0}])
    op.create_table(
        "marks",
        sa.Column("packet", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("arrival", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("signal", ID, nullable=False),
        sa.Column("alarm", ID, nullable=False),
        sa.Column("joined", sa.Boolean(), nullable=False),
    )
