"""A schedule from a calendar, as an administrator meets it: applied, shown, kept while it is away, given back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alarmd.clock import SystemClock
from alarmd.organisation.file import parse
from tests.commands.test_command_line import Shell, refused
from tests.support.calendar_server import CalendarServer, calendar_server
from tests.support.daemon import TWILIO, Daemon
from tests.support.ics import calendar, event, shift

OFFICE = """\
alarmd: 1
name: Nav Prøvevik
time_zone: Europe/Oslo
sites: {vik: {name: Nav Prøvevik, zones: {mottak: {name: Mottak}}}}
devices: {desk-1: {zone: vik/mottak, kind: panic}}
people:
  ola: {name: Ola Prøve, roles: [guard], contact: [{sms: "+4790000022"}]}
  per: {name: Per Prøve, roles: [guard], contact: [{sms: "+4790000023"}]}
schedules:
  duty:
    calendar: {WHERE, people: {"Vakt A": per, Kurs: ~}}
chains:
  rest: {for: {}, steps: [{after: 0s, notify: [{on_call: duty}], by: [sms], else: [{person: per}]}]}
"""
DAY = timedelta(days=1)
LINE = "new.yaml:11: schedules.duty.calendar: "
DAYS = shift("Ola Prøve", "20260101T080000", "20260101T200000", "RRULE:FREQ=DAILY")
NIGHTS = shift("vakt  a", "20260101T200000", "20260102T080000", "RRULE:FREQ=DAILY")
BOTH = calendar(DAYS, NIGHTS, shift("Kurs", "20260101T120000", "20260101T130000", "RRULE:FREQ=DAILY"))


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with calendar_server() as one:
        yield one


@pytest.fixture
def one(tmp_path: Path) -> Daemon:
    (tmp_path / "vakt.ics").write_bytes(BOTH)
    one = Shell(tmp_path, settings=TWILIO)
    one.apply(OFFICE.replace("WHERE", "file: vakt.ics"))
    return one


def write(one: Daemon, where: str, text: str = OFFICE) -> None:
    (one.folder / "new.yaml").write_text(text.replace("WHERE", where), encoding="utf-8")


def told(one: Daemon, *words: str) -> tuple[list[str], list[str]]:
    """What a command says on stdout and stderr."""
    done = one.run(*words)
    assert done.returncode == 0, done.stderr
    assert "s3cret" not in done.stdout + done.stderr
    return done.stdout.splitlines(), done.stderr.splitlines()


def at(one: Daemon, hour: int) -> str:
    """Who is on call tomorrow at that hour in Oslo."""
    day = (SystemClock().now() + DAY).date()
    return one.do("oncall", "duty", "--at", f"{day}T{hour:02}:00").rpartition(": ")[2].strip()


def test_a_file_is_read_and_everything_asks_it(one: Daemon) -> None:
    assert (at(one, 9), at(one, 21)) == ("ola", "per")
    day = (SystemClock().now() + DAY).date()
    shown = json.loads(one.do("preview", "desk-1", "--at", f"{day}T09:00", "--json"))
    assert shown["steps"][0]["tell"] == [{"person": "ola", "by": ["sms"]}]
    text = one.do("oncall", "duty", "--ics")
    assert text.count("SUMMARY:Per Prøve") >= 90
    assert "Kurs" not in text


def test_from_the_web_with_a_key_that_nobody_is_told(one: Daemon, server: CalendarServer) -> None:
    server.says(BOTH)
    write(one, f"url: '{server.url}'")
    said, warned = told(one, "apply", "new.yaml")
    assert warned == []
    assert "schedules.duty.calendar.file: removed" in said
    assert (at(one, 9), at(one, 21)) == ("ola", "per")
    assert told(one, "apply", "new.yaml") == (["nothing to change: version 2 is the same"], [])


def test_it_is_given_back_as_it_was_written_and_not_what_it_said(one: Daemon, server: CalendarServer) -> None:
    server.says(BOTH)
    write(one, f"url: '{server.url}', instead: true")
    one.do("apply", "new.yaml")
    text = one.do("export")
    written = parse((one.folder / "new.yaml").read_text(encoding="utf-8"), "written").organisation
    assert parse(text, "exported").organisation == written
    (one.folder / "again.yaml").write_text(text, encoding="utf-8")
    assert "nothing to change" in one.do("apply", "again.yaml")


def test_a_file_is_found_from_the_organisation_file_on_and_stored_for_a_daemon_elsewhere(one: Daemon) -> None:
    folder = one.folder / "there"
    folder.mkdir()
    (folder / "office.yaml").write_text(OFFICE.replace("WHERE", "file: vakter.ics"), encoding="utf-8")
    (folder / "vakter.ics").write_bytes(BOTH)
    one.do("apply", "there/office.yaml")
    assert f"file: {folder}/vakter.ics\n" in one.do("export")


def test_a_dry_run_shows_the_difference_in_duties(one: Daemon) -> None:
    tomorrow = f"{SystemClock().now() + DAY:%Y%m%d}"
    changed = event("Per Prøve", f"DTSTART;TZID=Europe/Oslo:{tomorrow}T080000", "DURATION:PT12H")
    without = [*DAYS[:-1], f"EXDATE;TZID=Europe/Oslo:{tomorrow}T080000", DAYS[-1]]
    (one.folder / "vakt.ics").write_bytes(calendar(without, NIGHTS, changed))
    write(one, "file: vakt.ics")
    said, _ = told(one, "apply", "new.yaml", "--dry-run")
    assert len(said) == 2
    assert said[0].startswith(f"schedules.duty.calendar: {tomorrow[:4]}-{tomorrow[4:6]}-{tomorrow[6:]} 08:00 CE")
    assert said[0].endswith(": ola -> per")
    assert said[1] == "not applied: 1 changes shown"
    assert at(one, 9) == "ola"
    one.do("apply", "new.yaml")
    assert at(one, 9) == "per"


def test_an_event_that_names_nobody_is_told_with_its_text_and_time(one: Daemon) -> None:
    day = SystemClock().now() + 3 * DAY
    when = f"DTSTART;TZID=Europe/Oslo:{day:%Y%m%d}T120000"
    strange, odd = event("Vakt C", when, "DURATION:PT1H"), event("Vakt D", when, "DURATION:PT1H", "RRULE:FREQ=SECONDLY")
    (one.folder / "vakt.ics").write_bytes(calendar(DAYS, NIGHTS, strange, odd))
    write(one, "file: vakt.ics")
    said, warned = told(one, "apply", "new.yaml")
    assert warned[:2] == [
        f'warning: {LINE}"Vakt D" repeats in a way that is not understood here',
        f'warning: {LINE}"Vakt C" names nobody known, at {day:%Y-%m-%d}T12:00',
    ]
    assert warned[2].startswith(f"warning: {LINE}has events that name nobody known or cannot be read, 2 of them")
    assert "schedules.duty.calendar: unclear events: 0 -> 2" in said
    stored = b"".join(file.read_bytes() for file in one.folder.glob("alarmd.db*"))
    assert b"Vakt A" in stored, "what the organisation file says of it"
    assert b"Vakt C" not in stored, "what else stands in a calendar may be about anybody"


def test_one_that_is_away_is_kept_as_it_was_known(one: Daemon, server: CalendarServer) -> None:
    server.says(BOTH)
    write(one, f"url: '{server.url}'")
    one.do("apply", "new.yaml")
    server.says(b"", status=503)
    said, warned = told(one, "apply", "new.yaml")
    assert said == ["nothing to change: version 2 is the same"]
    assert len(warned) == 1
    assert warned[0].startswith(f"warning: {LINE}cannot be read: 127.0.0.1 answers with a fault (503); what is known")
    write(one, f"url: '{server.url}'", OFFICE.replace("name: Mottak", "name: Resepsjon"))
    said, _ = told(one, "apply", "new.yaml")
    assert said[-1] == "applied as version 3: 1 changes"
    assert (at(one, 9), at(one, 21)) == ("ola", "per")
    write(one, f"url: '{server.url}'", OFFICE.replace("  ola:", "  siv:"))
    told(one, "apply", "new.yaml")
    assert (at(one, 9), at(one, 21)) == ("NOBODY", "per"), "whoever has left is not on call"


def test_one_of_which_nothing_is_known_is_refused_without_a_reason(one: Daemon, server: CalendarServer) -> None:
    server.says(b"", status=503)
    write(one, f"url: '{server.url}'")
    words = refused(one, "apply", "new.yaml")
    assert f"{LINE}cannot be read: 127.0.0.1 answers with a fault (503); nothing of it is known yet" in words
    assert words.endswith("mend it, or say why with --accept REASON")
    assert "s3cret" not in words
    assert at(one, 9) == "ola", "nothing has changed"
    assert "applied" in one.do("apply", "new.yaml", "--accept", "it opens tomorrow")
    assert at(one, 9) == "NOBODY"
    server.says(BOTH)
    one.do("apply", "new.yaml")
    assert at(one, 9) == "ola"


@pytest.mark.parametrize("empty", [calendar(), calendar(shift("Ola Prøve", "20260101T080000", "20260101T200000"))])
def test_one_that_has_lost_all_that_was_known_wants_a_reason(one: Daemon, empty: bytes) -> None:
    (one.folder / "vakt.ics").write_bytes(empty)
    write(one, "file: vakt.ics")
    words = refused(one, "apply", "new.yaml")
    assert f"{LINE}says nothing of the time to come, where " in words
    assert "--accept REASON" in words
    assert at(one, 9) == "ola"
    assert "applied" in one.do("apply", "new.yaml", "--accept", "the duty has ended")
    assert at(one, 9) == "NOBODY"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"<html>Sign in</html>", "no whole calendar"),
        (BOTH[:-30], "no whole calendar"),
        (b"x" * 1_000_001, "1000000 bytes"),
    ],
)
def test_what_is_no_calendar_is_refused_in_words(tmp_path: Path, raw: bytes, words: str) -> None:
    one = Shell(tmp_path)
    (tmp_path / "vakt.ics").write_bytes(raw)
    write(one, "file: vakt.ics")
    assert words in refused(one, "apply", "new.yaml")
