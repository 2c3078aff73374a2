"""SQLite sits the exam, and what only a file can suffer."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alarmd.errors import CannotStart, NotDurable
from alarmd.ports import Registry
from alarmd.store import open_database
from alarmd.store.registry import StoredRegistry
from alarmd.store.verify import verify
from tests.store.exam import Exam
from tests.store.exam_faults import ExamOfFaults
from tests.store.exam_open import ExamOfOpenAlarms
from tests.store.exam_seat import ExamOfTheSeat
from tests.store.exam_veils import ExamOfVeils
from tests.store.stage import Stage, pressed, stage


class TestSqlite(Exam, ExamOfFaults, ExamOfOpenAlarms, ExamOfTheSeat, ExamOfVeils):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/new/alarmd.db"

    @pytest.fixture
    def file(self, url: str) -> Path:
        return Path(url.removeprefix("sqlite:///"))

    def test_it_is_for_its_user_alone_and_syncs_every_commit(self, one: Stage, file: Path) -> None:
        assert file.stat().st_mode & 0o777 == 0o600
        with one.database._backend.readers.connect() as connection:
            asked = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
            }
        assert asked == {"journal_mode": "wal", "synchronous": 2}

    @pytest.mark.parametrize("name", ["/%50 percent?#.db", "//slashes.db", "/Nav Prøvevik/år.db"])
    def test_any_path_is_one(self, tmp_path: Path, name: str) -> None:
        with stage(f"sqlite:////{tmp_path}{name}") as one:
            one.apply()
            one.press("desk-3", "a-1")
        assert (tmp_path / name.lstrip("/")).is_file()

    def test_a_full_disk_is_not_durable_and_heals(self, one: Stage) -> None:
        one.press("desk-3", "a-1")
        before = one.position()
        writer = one.database._writer
        assert writer is not None
        writer.exec_driver_sql("PRAGMA max_page_count = 1")  # no page more than there are
        writer.rollback()
        with pytest.raises(NotDurable, match="is full; free some space"):
            one.take(*(pressed("room-2", f"lost-{n}") for n in range(100)))
        assert one.position() == before
        assert not one.press("room-2", "lost-0").repeated, "a new connection, which knows no such limit"
        assert verify(one.database).findings == ()

    def test_after_a_fault_the_next_transaction_begins_anew_by_itself(self, one: Stage) -> None:
        writer = one.database._writer
        assert writer is not None
        one.press("desk-3", "a-1")
        writer.exec_driver_sql("PRAGMA query_only = 1")
        writer.rollback()
        with pytest.raises(NotDurable, match="may not be written to"):
            one.press("desk-3", "a-2")
        assert not one.press("desk-3", "a-2").repeated
        assert one.database._writer is not writer

    def test_an_error_that_the_caller_swallows_cannot_be_committed(self, one: Stage) -> None:
        one.press("desk-3", "a-1")
        before = one.position()

        def swallows(unit: Registry) -> None:
            assert isinstance(unit, StoredRegistry)
            one.taker().take(unit, pressed("desk-3", "a-2"), one.now)
            unit._link._connection.exec_driver_sql("PRAGMA query_only = 1")
            with pytest.raises(NotDurable):
                unit.flush()
            unit._link._connection.exec_driver_sql("PRAGMA query_only = 0")

        with pytest.raises(NotDurable):
            one.within(swallows)
        assert one.position() == before

    def test_locked_by_another_program(self, one: Stage, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("alarmd.store.sqlite.LOCK_WAIT", 0.01)
        one.reopen()
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(NotDurable, match=r"another program holds .*alarmd\.db locked"):
                one.press("desk-3", "a-1")
            with pytest.raises(CannotStart, match=r"another program holds .*alarmd\.db locked"):
                open_database(one.url, node="two", daemon=True)
            assert one.position() == 0, "reading goes on"
            other.execute("ROLLBACK")
        assert not one.press("desk-3", "a-1").repeated

    def test_one_daemon_serves_a_file(self, url: str) -> None:
        with stage(url, "one", daemon=True):
            with pytest.raises(CannotStart, match="another alarmd daemon serves"):
                open_database(url, node="two", daemon=True)
            with stage(url, "shell") as shell:
                shell.apply()
        with stage(url, "two", daemon=True) as two:
            assert two.database.prepared

    def test_alone_on_its_file_a_daemon_takes_back_every_lease(self, url: str) -> None:
        with stage(url, "old-name", daemon=True) as before:
            before.apply()
            before.press("desk-3")
        with stage(url, "new-name", daemon=True) as after, after.database.transaction() as unit:
            assert unit.claim("new-name", after.now, 100)

    def test_a_file_that_is_removed_is_noticed_before_anything_is_accepted(self, one: Stage, file: Path) -> None:
        one.press("desk-3", "a-1")
        aside = file.rename(file.with_name("aside"))
        with pytest.raises(NotDurable, match="was removed or replaced"):
            one.press("desk-3", "a-2")
        one.database._backend.readers.dispose()
        with pytest.raises(NotDurable, match="cannot be opened"):
            one.position()
        assert not file.exists()
        aside.rename(file)
        assert not one.press("desk-3", "a-2").repeated

    def test_what_is_no_database_cannot_start(self, tmp_path: Path) -> None:
        text = tmp_path / "notes.txt"
        text.write_text("not a database at all, but long enough to look at" * 20)
        with pytest.raises(CannotStart, match="is no SQLite database"):
            open_database(f"sqlite:///{text}", node="one")
        with pytest.raises(CannotStart, match=r"cannot be made: .*give ALARMD_DATABASE_URL another place"):
            open_database(f"sqlite:///{text}/alarmd.db", node="one")
        with pytest.raises(CannotStart, match="begins with 'mysql'"):
            open_database("mysql://localhost/alarmd", node="one")

    @pytest.mark.parametrize(
        ("statement", "finding"),
        [
            ("UPDATE events SET hash = 'text' WHERE position = 2", "event 2 is not what was written"),
            ("UPDATE events SET body = x'00ff' WHERE position = 2", "event 2 is not what was written"),
            ("UPDATE events SET alarm = x'00' WHERE position = 2", "alarm"),
            ("UPDATE head SET hash = 'text'", "the hash of its end"),
            ("UPDATE audit SET detail = '[]' WHERE position = 2", "change 2 is not what was written"),
            ("UPDATE audit SET detail = x'ff' WHERE position = 2", "change 2 is not what was written"),
            ("UPDATE accounts SET password = x'ff'", "account ola"),
            ("UPDATE alarms SET id = x'ff', summary = x'ff' WHERE opened_position = 1", "missing from the list"),
        ],
    )
    def test_what_was_never_a_text_is_found_too(self, lived: Stage, statement: str, finding: str) -> None:
        assert lived.by_hand(statement)
        assert finding in "\n".join(verify(lived.database).findings)

    def test_a_text_replaced_wherever_the_file_holds_it(self, lived: Stage, file: Path) -> None:
        with closing(sqlite3.connect(file)) as other, other:
            for (table,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for _, column, *_ in other.execute(f"PRAGMA table_info({table})").fetchall():
                    other.execute(
                        f"UPDATE {table} SET {column} = replace({column}, 'a-1', 'a-9') WHERE instr({column}, 'a-1')"  # noqa: S608 - the test tampers
                    )
        assert "event 1 is not what was written" in "\n".join(verify(lived.database).findings)

    def test_a_log_that_came_back_as_long_but_another_is_read_again(
        self, one: Stage, file: Path, tmp_path: Path
    ) -> None:
        first = one.press("desk-3", "a-1").alarm
        assert first is not None
        with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(tmp_path / "backup")) as backup:
            now.backup(backup)
            one.press("desk-3", "a-2")
            backup.backup(now)
        with stage(one.url, "two") as two:
            two.press("desk-3", "a-3")
        with one.database.transaction() as unit:
            known = unit.alarm(first.id)
            assert known is not None
            assert [signal.ref for signal in known.signals] == ["a-1", "a-3"]

    def test_in_memory_for_rehearsals(self) -> None:
        with stage("sqlite://") as made:
            made.apply()
            made.live_through()
            assert verify(made.database).findings == ()
