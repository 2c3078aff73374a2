"""The command line of the contract, as a user meets it: exit status, clear lines, never a stack trace."""

import contextlib
import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest

from alarmd.access.secrets import password_fits
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device
from alarmd.cli import main
from alarmd.clock import SystemClock, new_id
from alarmd.dispatch.take import Taker
from alarmd.organisation.file import parse
from alarmd.store import open_database
from tests.support.daemon import OFFICE, TWILIO, Daemon


class Shell(Daemon):
    """The same command line within this process: a start of Python for each command would take most of the time. That
    the program itself starts so is shown by the tests of the daemon.
    """

    def run(self, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        out, err, code = io.StringIO(), io.StringIO(), 0
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "argv", ["alarmd", *words]),
            mock.patch.object(sys, "stdin", io.StringIO(typed)),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
                err.write("" if end.code is None or isinstance(end.code, int) else str(end.code))
        return subprocess.CompletedProcess([*words], code, out.getvalue(), err.getvalue())


@pytest.fixture
def one(tmp_path: Path) -> Daemon:
    one = Shell(tmp_path)
    one.apply()
    return one


def refused(one: Daemon, *words: str, typed: str = "") -> str:
    """What a command says that is refused."""
    done = one.run(*words, typed=typed)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_was_applied_is_exported(one: Daemon) -> None:
    assert parse(one.do("export"), "export").organisation == parse(OFFICE, "office").organisation


def test_a_fault_is_told_with_file_and_line_and_changes_nothing(one: Daemon) -> None:
    before = one.do("export")
    (one.folder / "bad.yaml").write_text(OFFICE.replace("kind: duress}", "kind: rage}"), encoding="utf-8")
    line = OFFICE[: OFFICE.index("kind: duress}")].count("\n") + 1
    words = refused(one, "apply", "bad.yaml")
    assert words.startswith(f"bad.yaml:{line}: ")
    assert "rage" in words
    assert one.do("export") == before


def test_a_dry_run_shows_the_difference_and_changes_nothing(one: Daemon) -> None:
    before = one.do("export")
    (one.folder / "new.yaml").write_text(OFFICE.replace("name: Mottak,", "name: Resepsjon,"), encoding="utf-8")
    assert "Resepsjon" in one.do("apply", "new.yaml", "--dry-run")
    assert one.do("export") == before
    assert "applied as version 2" in one.do("apply", "new.yaml")


@pytest.mark.parametrize(
    ("right", "wrong"), [("guards: [ola]", "guards: []"), ("by_roles: [guard]", "by_roles: [vekter]")]
)
def test_a_chain_that_can_reach_nobody_or_be_answered_by_nobody_wants_a_reason(
    one: Daemon, right: str, wrong: str
) -> None:
    (one.folder / "nobody.yaml").write_text(OFFICE.replace(right, wrong), encoding="utf-8")
    assert "--accept" in refused(one, "apply", "nobody.yaml")
    assert "applied" in one.do("apply", "nobody.yaml", "--accept", "guards are hired next week")


def test_ways_that_lack_a_setting_here_are_told_and_refuse_nothing(one: Daemon) -> None:
    texts = OFFICE.replace("by: [console]", "by: [sms]")
    (one.folder / "new.yaml").write_text(texts, encoding="utf-8")
    done = one.run("apply", "new.yaml")
    assert "applied as version 2" in done.stdout
    missing = ", ".join(TWILIO)
    line = texts[: texts.index("  rest:\n")].count("\n") + 1
    assert f"warning: sms: not configured: {missing}; nothing leaves by it (contacts: 2)\n" in done.stderr
    assert f"warning: voice: not configured: {missing}; nothing leaves by it (contacts: 1)\n" in done.stderr
    assert f"warning: new.yaml:{line}: chains.rest: reaches nobody" in done.stderr
    assert "ola (sms: not configured)" in one.do("preview", "desk-1")
    one.settings |= TWILIO
    assert one.run("apply", "new.yaml").stderr == ""
    assert "ola (sms)" in one.do("preview", "desk-1")


def test_a_file_that_is_not_there(one: Daemon) -> None:
    assert "nowhere.yaml: cannot be read" in refused(one, "apply", "nowhere.yaml")


def test_a_press_without_a_daemon_is_stored_and_says_that_nobody_is_told(one: Daemon) -> None:
    said = one.do("press", "desk-1", "--ref", "r1")
    assert "raised alarm" in said
    assert "nobody is told yet" in said
    assert "already known" in one.do("press", "desk-1", "--ref", "r1")
    assert "no device 'nobody'" in refused(one, "press", "nobody")


def test_a_key_is_shown_once_and_stored_as_a_hash(one: Daemon) -> None:
    key = one.do("key", "create", "--name", "desk", "--scope", "press", "--device", "desk-1").splitlines()[-1]
    assert len(key) > 32
    assert key.encode() not in (one.folder / "alarmd.db").read_bytes()
    assert "desk  press" in one.do("key", "list")
    assert "desk" in refused(one, "key", "create", "--name", "desk", "--scope", "read")
    one.do("key", "revoke", "desk")
    assert one.do("key", "list") == ""
    assert "desk" in refused(one, "key", "revoke", "desk")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scope", "answer"), "--person"),
        (("--scope", "press", "--device", "nobody"), "no device 'nobody'"),
        (("--scope", "read", "--device", "desk-1"), "--scope press"),
        (("--scope", "read", "--site", "nowhere"), "no site 'nowhere'"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(one: Daemon, words: tuple[str, ...], says: str) -> None:
    assert says in refused(one, "key", "create", "--name", "k", *words)


def test_an_account_and_its_pins_are_asked_for_and_only_hashes_kept(one: Daemon) -> None:
    assert "10 characters" in refused(one, "account", "create", "--person", "ola", typed="short\n")
    assert "no person 'nobody'" in refused(one, "account", "create", "--person", "nobody", typed="long enough for us\n")
    one.do("account", "create", "--person", "ola", typed="long enough for us\n")
    assert "two digits" in refused(one, "pin", "set", "ola", typed="1234\n1235\n")
    assert "4 to 8 digits" in refused(one, "pin", "set", "ola", typed="12a4\n1235\n")
    one.do("pin", "set", "ola", typed="4711\n8052\n")
    database = open_database(one.environment["ALARMD_DATABASE_URL"], node="test")
    with database.snapshot() as reading:
        account = reading.account("ola")
    database.close()
    assert account is not None
    assert password_fits(account.password, "long enough for us")
    assert password_fits(account.pin, "4711")
    assert password_fits(account.duress_pin, "8052")


def test_preview_shows_whom_the_engine_would_tell(one: Daemon) -> None:
    shown = json.loads(one.do("preview", "desk-1", "--at", "2027-03-28T03:30", "--json"))
    assert shown["chain"] == "rest"
    assert shown["at"] == "2027-03-28T01:30:00.000Z", "a time without offset is local to the site"
    assert shown["steps"][0] == {
        "step": 1,
        "after": "0s",
        "at": "2027-03-28T01:30:00.000Z",
        "tell": [{"person": "ola", "by": ["console"]}],
        "reason": "step_is_due",
    }
    assert "ola (console)" in one.do("preview", "desk-1")
    assert "not a time" in refused(one, "preview", "desk-1", "--at", "noon")


def test_verify_finds_what_was_changed_behind_our_back(one: Daemon) -> None:
    one.do("press", "desk-1", "--note", "truly so")
    assert "the log is whole" in one.do("verify")
    file = one.folder / "alarmd.db"
    for part in (file, one.folder / "alarmd.db-wal"):
        if part.exists():
            part.write_bytes(part.read_bytes().replace(b"truly so", b"never so"))
    done = one.run("verify")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_without_an_organisation_it_says_what_to_do(tmp_path: Path) -> None:
    empty = Shell(tmp_path)
    for words in (("export",), ("press", "desk-1"), ("preview", "desk-1")):
        assert "alarmd apply FILE" in refused(empty, *words)


def test_public_holidays_are_looked_up_when_the_file_is_read_and_kept(one: Daemon) -> None:
    (one.folder / "new.yaml").write_text(f"holidays: NO\n{OFFICE}", encoding="utf-8")
    assert "holidays: added {of: NO, days: [20" in one.do("apply", "new.yaml")
    assert "holidays: {of: NO}\n" in one.do("export")
    assert "nothing to change" in one.do("apply", "new.yaml")
    for unknown in ("XX", "DE-ZZ"):
        (one.folder / "new.yaml").write_text(f"holidays: {unknown}\n{OFFICE}", encoding="utf-8")
        words = f"new.yaml:1: holidays.of: the public holidays of {unknown} are not known here"
        assert words in refused(one, "apply", "new.yaml")


def test_a_finding_is_told_with_file_and_line(one: Daemon) -> None:
    nobody = OFFICE.replace("guards: [ola]", "guards: []")
    (one.folder / "nobody.yaml").write_text(nobody, encoding="utf-8")
    line = nobody[: nobody.index("  technical:\n")].count("\n") + 1
    assert f"nobody.yaml:{line}: chains.technical: " in refused(one, "apply", "nobody.yaml")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59", "0001-01-01T00:00"])
def test_a_time_at_the_end_of_the_world_is_refused(one: Daemon, at: str) -> None:
    assert "a year from" in refused(one, "preview", "desk-1", "--at", at)


def test_a_shell_is_held_to_what_buttons_are_held_to(one: Daemon) -> None:
    assert "ref" in refused(one, "press", "desk-1", "--ref", "")
    assert "ref" in refused(one, "press", "desk-1", "--ref", "x" * 500)
    assert "expected text in UTF-8" in refused(one, "press", "desk-1", "--note", "\udcff")


def test_a_press_from_a_shell_has_a_name_on_it(one: Daemon) -> None:
    alarm = one.do("press", "desk-1").split()[2]
    database = open_database(one.environment["ALARMD_DATABASE_URL"], node="test")
    with database.snapshot() as reading:
        raised = json.loads(reading.story(alarm)[0].body)
    database.close()
    assert raised["by"]["person"].startswith("shell")


def test_a_press_from_a_shell_goes_by_no_clock_that_is_behind_the_log(one: Daemon) -> None:
    """Its alarm would be due an hour before everything else; and a daemon that starts goes by the last event."""
    database = open_database(one.environment["ALARMD_DATABASE_URL"], node="test")
    ahead = SystemClock().now() + timedelta(hours=1)
    with database.transaction() as unit:
        Taker("test", new_id).take(unit, Pressed(Device("desk-1"), device="desk-1"), ahead)
    one.do("press", "desk-1")
    with database.snapshot() as reading:
        latest = reading.latest()
    database.close()
    assert latest is not None
    assert latest >= ahead


@pytest.mark.parametrize("name", ["", "two\nlines", "Kari"])
def test_a_key_has_a_name_that_a_list_can_show(one: Daemon, name: str) -> None:
    assert "--name" in refused(one, "key", "create", "--name", name, "--scope", "read")


def test_an_upgrade_says_what_is_to_be_done(one: Daemon) -> None:
    assert "is up to date (revision" in one.do("upgrade", "--check")
    steps = mock.patch("alarmd.store.upgrade._steps", return_value=("0999: more",))
    with steps, mock.patch("alarmd.store.upgrade.fits", return_value=False):
        words = refused(one, "upgrade", "--check")
    assert "old and new ones. To be done:\n0999: more" in words
    assert "is up to date (revision" in one.do("upgrade")
