"""An installation is upgraded one node after the other, under load, and nobody who presses or looks on notices."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from alarmd.store.schema import REVISION
from alarmd.store.upgrade import revisions
from tests.support.daemon import Daemon
from tests.support.older import before_the_newest_migration
from tests.support.rolling import Load, alarms_of, lateness, office, provider

pytestmark = pytest.mark.timeout(300)  # whole processes, started and stopped


def revision(url: str) -> str:
    with psycopg.connect(url) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    return str(found)


def test_from_the_migration_before_node_by_node(tmp_path: Path, postgres_url: str) -> None:
    """Where there is no migration but the first, both are of this version and it is the way itself that is walked."""
    code = before_the_newest_migration(tmp_path / "older")
    assert code is not None or len(revisions()) == 1, "the history of this repository is needed"
    nodes = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        nodes.append(Daemon(tmp_path / name, {"ALARMD_DATABASE_URL": postgres_url}, code=code))
    a, b = nodes
    with provider() as (receiver, heard):
        try:
            a.apply(office(receiver))
            assert revision(postgres_url) == revisions()[-2 if code else -1]
            load = Load((a, b))
            a.start()
            b.start()
            with load.running():
                a.stop()
                a.code = None
                said = a.run("upgrade", "--check")
                assert said.returncode == (1 if code else 0)
                assert "nodes may go on running meanwhile" in said.stderr or "is up to date" in said.stdout
                a.start()
                assert revision(postgres_url) == REVISION
                b.stop()
                b.start()  # as it was, beside the new one, on its tables
                b.stop()
                b.code = None
                b.start()
            for node in nodes:
                node.stop()
                assert "Traceback" not in node.log
        finally:
            for node in nodes:
                if node.running:
                    node.kill()
        assert a.do("verify").startswith("the log is whole")
    late = lateness(postgres_url)
    assert load.accepted
    assert alarms_of(postgres_url, list(load.accepted)) == load.accepted
    assert {step: by for step, by in late.items() if by > timedelta(seconds=1 + load.stall)} == {}
    assert heard
    assert max(heard.values()) == 1, "nobody was told twice"
    assert load.seen == list(range(1, len(load.seen) + 1))
    assert set(load.closes) == {1012}
