"""A calendar that has not changed is fetched and not read again."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarmd.calendars import shelf
from alarmd.calendars.process import understood
from alarmd.calendars.shelf import open_shelf
from alarmd.errors import Unreadable
from alarmd.organisation.model import Roster
from alarmd.organisation.roster import Said
from tests.support.calendar_server import CalendarServer, calendar_server
from tests.support.ics import calendar, shift

OSLO = "Europe/Oslo"
SPAN = datetime(2027, 2, 1, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC)
OLA = calendar(shift("ola", "20270310T080000", "20270310T160000"))
PER = calendar(shift("per", "20270310T080000", "20270310T160000"))


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with calendar_server() as one:
        yield one


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was read, each time."""
    found: list[bytes] = []

    async def watched(raw: bytes, zone: str, span: tuple[datetime, datetime]) -> Said:
        found.append(raw)
        return await understood(raw, zone, span)

    monkeypatch.setattr(shelf, "understood", watched)
    return found


def texts(said: Said) -> list[str]:
    return [each.text for each in said.entries]


async def test_what_the_server_says_is_unchanged_is_not_read_again(server: CalendarServer, read: list[bytes]) -> None:
    roster = Roster(url=server.url)
    async with open_shelf() as shelf:
        server.says(OLA, {"ETag": '"1"'})
        first = await shelf.read(roster, OSLO, SPAN)
        assert texts(first) == ["ola"]
        server.says(b"", status=304)
        assert await shelf.read(roster, OSLO, SPAN) is first
        assert server.asked[-1][1]["If-None-Match"] == '"1"'
        server.says(OLA)
        assert await shelf.read(roster, OSLO, SPAN) is first, "without such words it is the same text"
        server.says(PER)
        assert texts(await shelf.read(roster, OSLO, SPAN)) == ["per"]
        assert read == [OLA, PER]


async def test_another_span_or_zone_is_read_anew(server: CalendarServer, read: list[bytes]) -> None:
    roster = Roster(url=server.url)
    async with open_shelf() as shelf:
        server.says(OLA, {"ETag": '"1"'})
        await shelf.read(roster, OSLO, SPAN)
        later = await shelf.read(roster, OSLO, (SPAN[0], SPAN[1] + timedelta(days=30)))
        assert later.until == SPAN[1] + timedelta(days=30)
        assert server.asked[-1][1]["If-None-Match"] is None
        await shelf.read(roster, "UTC", SPAN)
    assert len(read) == 3


def test_the_daemon_reads_calendars_without_the_libraries_that_understand_them() -> None:
    code = "import sys, alarmd.calendars.shelf; sys.exit({'icalendar', 'dateutil'} & {*sys.modules} != set())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_after_a_fault_it_is_as_before(server: CalendarServer, tmp_path: Path, read: list[bytes]) -> None:
    file = tmp_path / "vakt.ics"
    roster = Roster(file=str(file))
    async with open_shelf() as shelf:
        with pytest.raises(Unreadable, match="No such file"):
            await shelf.read(roster, OSLO, SPAN)
        file.write_bytes(OLA)
        first = await shelf.read(roster, OSLO, SPAN)
        file.write_bytes(OLA[:-9])
        with pytest.raises(Unreadable, match="no whole calendar"):
            await shelf.read(roster, OSLO, SPAN)
        file.write_bytes(OLA)
        assert await shelf.read(roster, OSLO, SPAN) is first
        assert len(read) == 2
        assert server.asked == []
