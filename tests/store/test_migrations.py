"""Migrations: within a generation they only add, so that old and new nodes live with the same tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from alarmd.errors import CannotStart
from alarmd.store import upgrade as migrations
from alarmd.store.database import backend_of, open_database
from alarmd.store.schema import REVISION, fits, generation
from alarmd.store.tables import metadata
from alarmd.store.upgrade import revisions
from alarmd.store.verify import verify
from tests.store.stage import stage
from tests.support.migrations import broken_rules, shape

NEWER = f"{generation(REVISION)}999"
LATER = f"{int(generation(REVISION)) + 1}001"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/alarmd.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def test_every_migration_leaves_older_nodes_what_they_work_with(url: str) -> None:
    backend = backend_of(url, "test", daemon=False)
    backend.create()
    before = None
    for revision in revisions():
        with backend.writer.begin() as connection:
            migrations.upgrade(connection, None if before is None else before[0], url, to=revision)
            after = shape(connection)
        if before is not None and generation(before[0]) == generation(revision):
            assert list(broken_rules(before[1], after)) == [], revision
        before = revision, after
    backend.close()
    assert before is not None
    assert before[0] == REVISION


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("ALTER TABLE a DROP COLUMN note", "a.note was dropped or renamed"),
        ("ALTER TABLE a RENAME COLUMN note TO text", "a.note was dropped or renamed"),
        ("ALTER TABLE a RENAME TO b", "a was dropped or renamed"),
        ("DROP TABLE a", "a was dropped or renamed"),
        ("DROP TABLE a; CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT NOT NULL)", "a.note was"),
        ("DROP TABLE a; CREATE TABLE a (id INTEGER PRIMARY KEY, note INTEGER)", "a.note was"),
        ("DROP TABLE a; CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT, b TEXT NOT NULL)", "cannot know what to"),
        ("DROP TABLE a; CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT UNIQUE)", "takes other rows"),
        ("DROP TABLE a; CREATE TABLE a (id INTEGER, note TEXT, PRIMARY KEY (id, note))", "takes other rows"),
        ("CREATE UNIQUE INDEX x ON a (note)", "takes other rows"),
        ("CREATE INDEX x ON events (id)", "every press waits"),
    ],
)
def test_the_rule_knows_what_an_older_node_would_stumble_over(memory: Engine, change: str, finding: str) -> None:
    with memory.begin() as connection:
        connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT)"))
        connection.execute(text("CREATE TABLE events (id INTEGER PRIMARY KEY)"))
        before = shape(connection)
        for statement in change.split("; "):
            connection.execute(text(statement))
        assert finding in "\n".join(broken_rules(before, shape(connection)))


def test_the_rule_lets_a_migration_add(memory: Engine) -> None:
    with memory.begin() as connection:
        connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY, note TEXT)"))
        before = shape(connection)
        connection.execute(text("ALTER TABLE a ADD COLUMN more TEXT"))
        connection.execute(text("ALTER TABLE a ADD COLUMN count INTEGER NOT NULL DEFAULT 0"))
        connection.execute(text("CREATE TABLE b (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE INDEX x ON a (note)"))
        assert list(broken_rules(before, shape(connection))) == []


def test_a_node_starts_and_works_with_the_tables_of_a_newer_one(url: str) -> None:
    """What a newer alarmd of this generation may have made: more columns in every table, and more tables."""
    with stage(url, "newer") as newer:
        newer.apply()
        for table in metadata.tables:
            newer.by_hand(f"ALTER TABLE {table} ADD COLUMN later TEXT")
            newer.by_hand(f"ALTER TABLE {table} ADD COLUMN counted INTEGER NOT NULL DEFAULT 7")
        newer.by_hand("CREATE TABLE more (id INTEGER PRIMARY KEY)")
        newer.by_hand(f"UPDATE alembic_version SET version_num = '{NEWER}'")  # noqa: S608 - the test's own words
    with stage(url, "older", daemon=True) as older:
        assert older.database.prepared
        assert len(older.live_through()) == 3
        assert verify(older.database).findings == ()
        with older.database._backend.readers.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == NEWER
            assert connection.execute(text("SELECT counted FROM head")).scalar_one() == 7
    assert migrations.look(url).newer


def test_which_revisions_a_version_lives_with() -> None:
    assert fits(REVISION)
    assert fits(NEWER)
    assert not fits(LATER)
    assert not fits(None)
    assert not fits(f"{generation(REVISION)}000")


def test_another_generation_is_upgraded_by_the_command_alone_while_nobody_runs(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As this version's tables will look to the first version of the next generation."""
    with stage(url, "older", daemon=True) as older:
        older.apply()
        older.press("desk-3", "a-1")
        monkeypatch.setattr("alarmd.store.schema.REVISION", LATER)
        monkeypatch.setattr("alarmd.store.upgrade.REVISION", LATER)
        with pytest.raises(CannotStart, match="stop every node for this upgrade"):
            migrations.look(url)
    for daemon in (False, True):
        with pytest.raises(
            CannotStart, match=r"cannot run beside this one .*stop every node, and run `alarmd upgrade`"
        ):
            open_database(url, node="newer", daemon=daemon)
    assert migrations.look(url).alone
    migrations.perform(url)


def test_it_is_said_what_an_upgrade_does(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert migrations.look(url).found is None
    migrations.perform(url)
    standing = migrations.look(url)
    assert (standing.found, standing.steps, standing.newer) == (REVISION, (), False)
    monkeypatch.setattr("alarmd.store.upgrade._steps", lambda *_: ("0002: more",))
    monkeypatch.setattr("alarmd.store.upgrade.fits", lambda _: False)
    assert migrations.look(url).steps == ("0002: more",)
