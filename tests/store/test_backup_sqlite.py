"""An SQLite file is copied beside those who write to it, and put back without giving anything up before its time."""

import multiprocessing
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alarmd.errors import AlarmdError, NotDurable
from alarmd.store.backup import back_up, restore
from alarmd.store.copies import Wish
from alarmd.store.verify import verify
from tests.store.stage import BEGAN, Stage, hammer, pressed, stage


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/data/alarmd.db"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "data" / "alarmd.db"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy"


@pytest.fixture
def one(url: str) -> Iterator[Stage]:
    with stage(url) as made:
        made.apply()
        yield made


def back(copy: Path, accept: str | None = None) -> Wish:
    return Wish(copy, "test", BEGAN, accept=accept)


def test_what_is_put_back_is_as_it_was_and_goes_on_from_there(one: Stage, copy: Path, place: Path) -> None:
    ids = one.live_through()
    before, position = [one.alarm(id) for id in ids], one.position()
    content = back_up(one.url, copy)
    assert (content.report, content.open_alarms) == (verify(one.database), 2)
    one.press("desk-3", "later")
    one.database.close()
    _, aside = restore(one.url, back(copy))
    one.reopen()
    assert [one.alarm(id) for id in ids] == before
    assert one.position() == position
    assert one.press("desk-3", "a-1").repeated, "a ref from before is known"
    assert not one.press("desk-3", "later").repeated, "a ref from after is not"
    assert verify(one.database).findings == ()
    assert aside == place.with_name("alarmd.db.before-restore")
    with stage(f"sqlite:///{aside}") as kept:
        assert kept.press("desk-3", "later").repeated


def test_a_copy_is_one_file_for_its_user_alone(one: Stage, copy: Path) -> None:
    one.live_through()
    back_up(one.url, copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in copy.parent.iterdir() if file.is_file()] == ["copy"]
    copy.chmod(0o400)
    copy.parent.chmod(0o500)
    restore(one.url.replace("/data/", "/data/elsewhere/"), back(copy))
    copy.parent.chmod(0o700)


def test_what_others_write_meanwhile_is_in_it_whole_or_not_at_all(one: Stage, copy: Path) -> None:
    writer = multiprocessing.get_context("spawn").Process(target=hammer, args=(one.url, "other", 300))
    writer.start()
    events = []
    while writer.is_alive():
        content = back_up(one.url, copy)
        assert content.report is not None
        assert content.report.findings == ()
        events.append(content.report.events)
        copy.unlink()
    assert writer.exitcode == 0
    assert len(set(events)) > 1, "it was copied while it grew"


def test_a_backup_replaces_no_file(one: Stage, copy: Path) -> None:
    copy.write_text("precious")
    with pytest.raises(AlarmdError, match="is there already"):
        back_up(one.url, copy)
    assert copy.read_text() == "precious"
    copy.rename(copy.with_name("copy.partial"))
    with pytest.raises(AlarmdError, match="ended half-way"):
        back_up(one.url, copy)
    assert copy.with_name("copy.partial").read_text() == "precious"
    with pytest.raises(AlarmdError, match="No such file"):
        back_up(one.url, copy / "in" / "nowhere")


def test_nothing_to_back_up(url: str, copy: Path, place: Path) -> None:
    with pytest.raises(AlarmdError, match="there is no database to back up"):
        back_up(url, copy)
    with pytest.raises(AlarmdError, match="in memory"):
        back_up("sqlite://", copy)
    place.parent.mkdir()
    sqlite3.connect(place).close()
    with pytest.raises(AlarmdError, match="holds no database of alarmd"):
        back_up(url, copy)
    assert not any(file.name.startswith("copy") for file in copy.parent.iterdir())


def test_while_a_daemon_runs_it_is_copied_and_not_replaced(url: str, copy: Path, place: Path) -> None:
    with stage(url, daemon=True) as one:
        one.apply()
        one.press("desk-3", "a-1")
        back_up(url, copy)
        one.press("desk-3", "a-2")
        with pytest.raises(AlarmdError, match=r"an alarmd daemon serves .*; stop it"):
            restore(url, back(copy))
        assert one.press("desk-3", "a-2").repeated
    assert sorted(file.name for file in place.parent.iterdir()) == ["alarmd.db", "alarmd.db.lock"]


def test_a_damaged_copy_changes_nothing(one: Stage, copy: Path, place: Path) -> None:
    one.live_through()
    back_up(one.url, copy)
    one.database.close()
    before = place.read_bytes()
    whole = copy.read_bytes()
    for page in range(1, len(whole) // 4096):
        copy.write_bytes(whole[: page * 4096] + os.urandom(4096) + whole[(page + 1) * 4096 :])
        with pytest.raises(AlarmdError):
            restore(one.url, back(copy))
    copy.write_bytes(whole[:-8192])
    with pytest.raises(AlarmdError):
        restore(one.url, back(copy))
    copy.write_bytes(b"PGDMP" + whole)
    with pytest.raises(AlarmdError, match="is a backup of PostgreSQL"):
        restore(one.url, back(copy))
    copy.write_bytes(b"")
    with pytest.raises(AlarmdError, match="is no backup of alarmd"):
        restore(one.url, back(copy))
    copy.unlink()
    with pytest.raises(AlarmdError, match="cannot be read: No such file"):
        restore(one.url, back(copy))
    assert place.read_bytes() == before
    assert sorted(file.name for file in place.parent.iterdir()) == ["alarmd.db", "alarmd.db.lock"]


def test_a_copy_that_was_tampered_with_needs_a_reason_which_the_audit_log_keeps(one: Stage, copy: Path) -> None:
    one.live_through()
    back_up(one.url, copy)
    with closing(sqlite3.connect(copy)) as other, other:
        other.execute("UPDATE events SET body = replace(body, 'desk-3', 'desk-4') WHERE position = 1")
    one.database.close()
    with pytest.raises(AlarmdError, match="event 1 is not what was written"):
        restore(one.url, back(copy))
    content, _ = restore(one.url, back(copy, accept="the only one there is"))
    assert content.report is not None
    assert content.report.findings
    one.reopen()
    with one.database.reading() as (link, _):
        lines = link._connection.exec_driver_sql("SELECT detail FROM audit WHERE action = 'restored'").all()
    assert "the only one there is" in lines[0][0]


@pytest.mark.parametrize("damage", ["no database at all", "a page", "gone"])
def test_a_present_database_that_cannot_be_read_is_replaced_and_kept(
    one: Stage, copy: Path, place: Path, damage: str
) -> None:
    one.live_through()
    back_up(one.url, copy)
    one.press("desk-3", "later")
    log = Path(f"{place}-wal").read_bytes()
    one.database.close()
    if damage == "gone":
        place.unlink()
        Path(f"{place}-wal").write_bytes(log)  # which would be taken for the new one's
    else:
        whole = place.read_bytes()
        place.write_bytes(b"?" * 8192 if damage == "no database at all" else whole[:4096] + b"?" * 4096 + whole[8192:])
        Path(f"{place}-wal").write_bytes(b"?" * 100)
    kept = b"" if damage == "gone" else place.read_bytes()
    _, aside = restore(one.url, back(copy))
    assert (aside is None) == (damage == "gone")
    assert aside is None or aside.read_bytes()[100:] == kept[100:], "all but the header, which says how it is written"
    one.reopen()
    assert not one.press("desk-3", "later").repeated
    assert verify(one.database).findings == ()


def test_every_restore_keeps_what_was_there(one: Stage, copy: Path) -> None:
    one.press("desk-3", "a-1")
    back_up(one.url, copy)
    one.database.close()
    asides = [restore(one.url, back(copy))[1] for _ in range(3)]
    assert all(aside and aside.exists() for aside in asides)
    assert len(set(asides)) == 3


def test_an_open_database_is_not_replaced(one: Stage, copy: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one.press("desk-3", "a-1")
    back_up(one.url, copy)
    monkeypatch.setattr("alarmd.store.backup_sqlite.LOCK_WAIT", 0.01)
    with pytest.raises(AlarmdError, match=r"another program has .* open"):
        restore(one.url, back(copy))
    assert one.press("desk-3", "a-1").repeated
    assert not place.with_name("alarmd.db.before-restore").exists()


def test_a_shell_that_waited_meanwhile_is_not_told_yes(one: Stage, copy: Path, place: Path) -> None:
    """It has the old file open and takes its lock after the restore: what it wrote there would be lost."""
    one.press("desk-3", "a-1")
    back_up(one.url, copy)
    was_asked = one.database._backend.still_there

    def replaced_while_it_waits() -> str | None:
        one.database._backend.still_there = was_asked  # type: ignore[method-assign]  # only the first question
        answer = was_asked()
        place.unlink()
        copy.rename(place)
        return answer

    one.database._backend.still_there = replaced_while_it_waits  # type: ignore[method-assign]  # as above
    with pytest.raises(NotDurable, match="was removed or replaced"):
        one.take(pressed("desk-3", "a-2"))
    with stage(one.url, "two") as two:
        assert not two.press("desk-3", "a-2").repeated


@pytest.mark.parametrize("step", ["link", "rename", "fsync"])
def test_whatever_fails_the_present_database_is_whole(
    one: Stage, copy: Path, place: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    one.press("desk-3", "a-1")
    back_up(one.url, copy)
    one.press("desk-3", "a-2")
    one.database.close()

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device", str(place))

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(AlarmdError, match=r"No space left on device .*nothing was changed"):
        restore(one.url, back(copy))
    monkeypatch.undo()
    assert sorted(file.name for file in place.parent.iterdir()) == ["alarmd.db", "alarmd.db.lock"]
    one.reopen()
    assert one.press("desk-3", "a-2").repeated
    assert verify(one.database).findings == ()
