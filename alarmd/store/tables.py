"""Every table, for both databases. What a column means stands here; SQL that uses them stands in `reading.py`,
`unit.py` and `registry.py`.

Instants are whole milliseconds since 1970 UTC, bodies are JSON texts exactly as they were hashed and sent, hashes are
the 32 bytes of a SHA-256. A change here needs a migration: a test compares what the migrations build with this page.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    true,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
)

# Ids compare byte by byte in both databases, whatever language PostgreSQL was set up for: verify merges tables in that
# order.
Id = Text().with_variant(Text(collation="C"), "postgresql")
# In SQLite an INTEGER key is the row's own place, which makes the log one append-only tree.
Position = BigInteger().with_variant(Integer(), "sqlite")
Instant = BigInteger()

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@lru_cache(1024)
def instant(at: datetime) -> int:
    """As the columns of type Instant hold it; a group writes the same few many times."""
    return (at - EPOCH) // _MILLISECOND


def moment(instant: int) -> datetime:
    """The aware UTC datetime of a stored instant."""
    return EPOCH + timedelta(milliseconds=instant)


# The one row that every writer locks first, so that all nodes write one after the other.
head = Table(
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("organisation", Integer, nullable=False),
    Column("access", Integer, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("audit_position", BigInteger, nullable=False),
    Column("audit_hash", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# The log: append only, without gaps, each hash over the one before.
events = Table(
    "events",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("alarm", Id, nullable=False),
    Column("site", Id),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "alarm", "position"),
)

# What the events of an alarm have made of it, for lists and deadlines.
alarms = Table(
    "alarms",
    metadata,
    Column("id", Id, primary_key=True),
    Column("site", Id),
    Column("zone", Id),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("cause", Text),
    Column("version", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("joinable", Boolean, nullable=False),
    Column("due", Instant),
    Column("opened_position", BigInteger, nullable=False, unique=True),
    Column("summary", Text, nullable=False),
)
_is_open = alarms.c.open == true()
Index("ix_alarms_open", alarms.c.opened_position, postgresql_where=_is_open, sqlite_where=_is_open)
Index("ix_alarms_open_code", alarms.c.code, postgresql_where=_is_open, sqlite_where=_is_open)
Index("ix_alarms_open_cause", alarms.c.cause, postgresql_where=_is_open, sqlite_where=_is_open)
_joins = alarms.c.joinable == true()
Index("ix_alarms_joinable_zone", alarms.c.zone, postgresql_where=_joins, sqlite_where=_joins)
_is_due = alarms.c.due.is_not(None)
Index("ix_alarms_due", alarms.c.due, postgresql_where=_is_due, sqlite_where=_is_due)

# Since when an alarm has a veil, whether it goes on behind it, from whom, and how they see it listed.
veils = Table(
    "veils",
    metadata,
    Column("alarm", Id, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)
_goes_on = veils.c.open == true()
Index("ix_veils_open", veils.c.alarm, postgresql_where=_goes_on, sqlite_where=_goes_on)

# What was answered to each sender's ref the first time; kept for ever.
signals = Table(
    "signals",
    metadata,
    Column("sender", Id, primary_key=True),
    Column("ref", Id, primary_key=True),
    Column("signal", Id, nullable=False),
    Column("alarm", Id, nullable=False),
    Column("joined", Boolean, nullable=False),
    sqlite_with_rowid=False,
)

# What is still to be done in the world; a row is deleted with the event that says what became of it.
effects = Table(
    "effects",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alarm", Id, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("claimed_by", Text, nullable=False),
    Column("claimed_until", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "claimed_until", "due_at"),
    sqlite_with_rowid=False,
)

# Which node takes the presses that the broker keeps.
seat = Table(
    "seat",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("holder", Text, nullable=False),
    Column("term", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("session", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# Presses without a ref that are stored and whose acknowledgement the broker may not have yet, by the number that it
# gave the message; hardly ever more rows than messages are under way.
marks = Table(
    "marks",
    metadata,
    Column("packet", Integer, primary_key=True, autoincrement=False),
    Column("arrival", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("signal", Id, nullable=False),
    Column("alarm", Id, nullable=False),
    Column("joined", Boolean, nullable=False),
)

# Every version that was ever applied.
organisations = Table(
    "organisations",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text),
)

# Keys that hold; only their SHA-256.
keys = Table(
    "keys",
    metadata,
    Column("name", Id, primary_key=True),
    Column("hash", Id, nullable=False, unique=True),
    Column("scope", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("device", Id),
    Column("site", Id),
    Column("person", Id),
)

# Sign-ins; only argon2 hashes.
accounts = Table(
    "accounts",
    metadata,
    Column("person", Id, primary_key=True),
    Column("password", Text),
    Column("pin", Text),
    Column("duress_pin", Text),
)

# Signed-in browsers; only the SHA-256 of their cookie.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", Id, primary_key=True),
    Column("person", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# Who changed organisation, keys, accounts and sessions; its own hash chain.
audit = Table(
    "audit",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
