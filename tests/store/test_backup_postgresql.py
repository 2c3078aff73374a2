"""PostgreSQL is dumped beside those who write to it, and put back in one transaction."""

import multiprocessing
import os
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from alarmd.errors import AlarmdError
from alarmd.store.backup import back_up, restore
from alarmd.store.copies import Wish
from alarmd.store.verify import verify
from tests.store.stage import BEGAN, Stage, hammer, stage
from tests.support import servers
from tests.support.servers import Server

WATCHED = """#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word" >>{seen}; done
for word in "$@"; do
    file=$(printf '%s' "$word" | sed -n 's/.*passfile=//p' | cut -d ' ' -f 1)
    [ -z "$file" ] || {{ stat -c %a "$file"; cat "$file"; }} >>{passwords}
done
exec {real} "$@"
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.fixture
def one(postgres_url: str) -> Iterator[Stage]:
    with stage(postgres_url) as made:
        made.apply()
        yield made


@pytest.fixture
def empty(postgres_server: Server) -> Iterator[str]:
    with servers.postgres_database(postgres_server) as url:
        yield url


def back(copy: Path, *, replace: bool = False, accept: str | None = None) -> Wish:
    return Wish(copy, "test", BEGAN, replace=replace, accept=accept)


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def test_what_is_put_back_is_as_it_was_and_goes_on_from_there(one: Stage, copy: Path, empty: str) -> None:
    ids = one.live_through()
    before, position = [one.alarm(id) for id in ids], one.position()
    content = back_up(one.url, copy)
    assert (content.report, content.open_alarms) == (verify(one.database), 2)
    assert copy.stat().st_mode & 0o777 == 0o600
    one.press("desk-3", "later")
    restore(empty, back(copy))
    with stage(empty) as restored:
        assert [restored.alarm(id) for id in ids] == before
        assert restored.position() == position
        assert restored.press("desk-3", "a-1").repeated, "a ref from before is known"
        assert not restored.press("desk-3", "later").repeated, "a ref from after is not"
        assert verify(restored.database).findings == ()


def test_what_others_write_meanwhile_is_in_it_whole_or_not_at_all(one: Stage, copy: Path) -> None:
    writer = multiprocessing.get_context("spawn").Process(target=hammer, args=(one.url, "other", 600))
    writer.start()
    events = []
    while writer.is_alive():
        content = back_up(one.url, copy)
        assert content.report is not None
        assert content.report.findings == ()
        events.append(content.report.events)
        copy.unlink()
    assert writer.exitcode == 0
    assert len(set(events)) > 1, "it was dumped while it grew"


def test_one_machine_becomes_several_nodes(empty: str, copy: Path, tmp_path: Path) -> None:
    with stage(f"sqlite:///{tmp_path}/alarmd.db") as machine:
        machine.apply()
        ids = machine.live_through()
        before, position = [machine.alarm(id) for id in ids], machine.position()
        content = back_up(machine.url, copy)
    assert restore(empty, back(copy))[0] == content
    with stage(empty) as node:
        assert [node.alarm(id) for id in ids] == before
        assert node.position() == position
        assert node.press("desk-3", "a-1").repeated
        assert not node.press("desk-3", "later").repeated
        assert verify(node.database).findings == ()
    with pytest.raises(AlarmdError, match="is not empty"):
        restore(empty, back(copy))
    with closing(sqlite3.connect(tmp_path / "other")) as other, other:
        other.execute("CREATE TABLE payroll (person text)")
    with pytest.raises(AlarmdError, match="holds no database of alarmd"):
        restore(empty, back(tmp_path / "other", replace=True))
    with stage(empty) as node:
        assert node.press("desk-3", "a-1").repeated


def test_a_database_that_is_not_empty_is_replaced_only_when_asked(one: Stage, copy: Path) -> None:
    one.press("desk-3", "a-1")
    back_up(one.url, copy)
    one.press("desk-3", "a-2")
    with pytest.raises(AlarmdError, match=r"is not empty; .*--replace"):
        restore(one.url, back(copy))
    assert one.press("desk-3", "a-2").repeated
    restore(one.url, back(copy, replace=True))
    assert not one.press("desk-3", "a-2").repeated, "this process sees that it is another log"
    assert verify(one.database).findings == ()


def test_tables_of_others_are_left_alone(one: Stage, copy: Path) -> None:
    back_up(one.url, copy)
    with psycopg.connect(one.url) as connection:
        connection.execute("CREATE TABLE payroll (person text)")
    with pytest.raises(AlarmdError, match=r"did not make \(payroll\); restore into an empty database"):
        restore(one.url, back(copy, replace=True))
    assert "payroll" in tables(one.url)


def test_while_a_node_serves_it_is_dumped_and_not_replaced(postgres_url: str, copy: Path) -> None:
    with stage(postgres_url, daemon=True) as node:
        node.apply()
        node.press("desk-3", "a-1")
        back_up(postgres_url, copy)
        with pytest.raises(AlarmdError, match=r"an alarmd node serves .*stop every node"):
            restore(postgres_url, back(copy, replace=True))
        assert node.press("desk-3", "a-1").repeated


def test_a_damaged_dump_changes_nothing(one: Stage, copy: Path) -> None:
    one.live_through()
    back_up(one.url, copy)
    whole = copy.read_bytes()
    before = one.position()
    for where in range(64, len(whole), len(whole) // 12):
        copy.write_bytes(whole[:where] + os.urandom(64) + whole[where + 64 :])
        with pytest.raises(AlarmdError):
            restore(one.url, back(copy, replace=True))
        assert one.position() == before
    copy.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AlarmdError):
        restore(one.url, back(copy, replace=True))
    copy.write_bytes(b"SQLite format 3\0")
    with pytest.raises(AlarmdError, match="not a database"):
        restore(one.url, back(copy, replace=True))
    assert verify(one.database).findings == ()


def test_a_dump_that_was_tampered_with_needs_a_reason(one: Stage, copy: Path, empty: str) -> None:
    one.live_through()
    one.by_hand("UPDATE events SET body = replace(body, 'desk-3', 'desk-4') WHERE position = 1")
    content = back_up(one.url, copy)
    assert content.report is not None
    assert content.report.findings
    with pytest.raises(AlarmdError, match="event 1 is not what was written"):
        restore(empty, back(copy))
    assert tables(empty) == []
    restore(empty, back(copy, accept="the only one there is"))
    with psycopg.connect(empty) as connection:
        (detail,) = connection.execute("SELECT detail FROM audit WHERE action = 'restored'").fetchone() or ("",)
    assert "the only one there is" in detail


def test_a_dump_of_something_else_is_refused(copy: Path, empty: str) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("CREATE TABLE payroll (person text)")
    subprocess.run(["pg_dump", "-Fc", "-f", copy, empty], check=True)
    with pytest.raises(AlarmdError, match="holds no tables of alarmd"):
        back_up(empty, copy.with_name("other"))
    with psycopg.connect(empty) as connection:
        connection.execute("DROP TABLE payroll")
    with pytest.raises(AlarmdError, match="holds no database of alarmd; nothing was changed"):
        restore(empty, back(copy))
    assert tables(empty) == []


def test_a_password_never_stands_on_a_command_line(
    one: Stage, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, passwords = tmp_path / "seen", tmp_path / "passwords"
    for name in ("pg_dump", "pg_restore"):
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(WATCHED.format(seen=seen, passwords=passwords, real=f"/usr/bin/{name}"))
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    back_up(one.url.replace("alarmd@", "alarmd:geheim%3A1%5C2@"), copy)
    assert "geheim" not in seen.read_text()
    assert passwords.read_text() == "600\n*:*:*:*:geheim\\:1\\\\2\n"
    with pytest.raises(AlarmdError, match="sslpassword would stand on a command line"):
        back_up(f"{one.url}?sslpassword=geheim", copy.with_name("other"))


def test_without_the_tools_it_says_what_to_install(
    one: Stage, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AlarmdError, match=r"pg_dump is not on this machine; install .*postgresql-client"):
        back_up(one.url, copy)
    copy.write_bytes(b"PGDMP")
    with pytest.raises(AlarmdError, match="pg_restore is not on this machine; install"):
        restore(one.url, back(copy))


def test_a_server_that_is_away_is_told(copy: Path) -> None:
    url = f"postgresql://alarmd@{servers.HOST}:{servers.free_port()}/x"
    with pytest.raises(AlarmdError, match="cannot be reached"):
        back_up(url, copy)
    copy.write_bytes(b"PGDMP")
    with pytest.raises(AlarmdError, match=r"cannot be reached.*nothing was changed"):
        restore(url, back(copy))
