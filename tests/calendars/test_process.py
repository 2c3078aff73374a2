"""The process that reads a calendar: it tells what it found, and costs nobody more than it may."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from alarmd.calendars import process
from alarmd.calendars.events import events
from alarmd.calendars.process import LONGEST, telling, told, understood
from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import Unreadable
from alarmd.organisation.roster import Entry, Said
from tests.support.ics import calendar, event, shift

OSLO = "Europe/Oslo"
SPAN = datetime(2027, 2, 1, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC)
ENDLESS = "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"


async def refused(raw: bytes) -> str:
    with pytest.raises(Unreadable) as fault:
        await understood(raw, OSLO, SPAN)
    return str(fault.value)


async def test_it_says_what_the_reader_says() -> None:
    guessed = shift("guessed", "20270310T080000", "20270310T160000", zone="/example.org/Europe/Oslo")
    raw = calendar(shift("ola", "20270327T220000", "20270328T070000", "RRULE:FREQ=DAILY"), event("odd"), guessed)
    said = await understood(raw, OSLO, SPAN)
    assert len(said.entries) == 312
    assert said.unclear == {'"odd" has no beginning': None}
    without = calendar(shift("ola", "20270327T220000", "20270328T070000", "RRULE:FREQ=DAILY"), event("odd"))
    assert events(without, OSLO, *SPAN) == Said(
        tuple(each for each in said.entries if each.text == "ola"), SPAN[1], said.unclear
    )


async def test_what_is_no_calendar_is_told_in_words() -> None:
    assert "no whole calendar" in await refused(b"<html>")


async def test_one_that_repeats_without_number_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sooner by the processor's time than by the wall's, where nothing else is to be done."""
    endless = calendar(*(shift(f"x{n}", "19700101T000000Z", "19700101T010000Z", ENDLESS, zone="") for n in range(9)))
    monkeypatch.setattr(process, "SECONDS", 0.5)
    assert await refused(endless) == "it takes too long to read; look for repetitions without number"


async def test_what_nobody_waits_for_is_ended() -> None:
    endless = calendar(*(shift(f"x{n}", "19700101T000000Z", "19700101T010000Z", ENDLESS, zone="") for n in range(9)))
    started: list[asyncio.subprocess.Process] = []
    start, there = asyncio.create_subprocess_exec, asyncio.Event()

    async def watched(*command: str, **pipes: Any) -> asyncio.subprocess.Process:
        started.append(await start(*command, **pipes))
        there.set()
        return started[0]

    async def reading() -> None:
        await understood(endless, OSLO, SPAN)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", watched)
        async with Supervisor() as supervisor:
            supervisor.spawn("reading", reading())
            await there.wait()
    assert started[0].returncode == -9


@pytest.mark.parametrize(
    ("limit", "rule", "count"), [("SECONDS = 2", ENDLESS, 9), ("MEMORY = 40_000_000", "COMMENT:none", 9000)]
)
def test_it_ends_itself_where_it_takes_more_than_it_may(limit: str, rule: str, count: int) -> None:
    raw = calendar(*(shift(f"x{n}", "19700101T000000Z", "19700101T010000Z", rule, zone="") for n in range(count)))
    ask = f"main('{OSLO}', '2027-02-01T00:00:00Z', '2028-02-01T00:00:00Z')"
    code = f"from alarmd.calendars import child; child.{limit}; child.{ask}"
    done = subprocess.run([sys.executable, "-c", code], input=raw, capture_output=True, check=False, timeout=50)
    assert b"entries" not in done.stdout
    assert done.returncode or b"fault" in done.stdout


@pytest.mark.parametrize(("python", "words"), [("/bin/false", "more time or memory"), ("/nowhere", "cannot start")])
async def test_one_that_ends_by_itself(monkeypatch: pytest.MonkeyPatch, python: str, words: str) -> None:
    monkeypatch.setattr(sys, "executable", python)
    assert words in await refused(calendar())


def test_more_than_can_be_read_in_one_go_is_not_written() -> None:
    many = Said(tuple(Entry(*SPAN, "x" * 200, ("y" * 254,) * 20) for _ in range(400)), SPAN[1], {})
    written = telling(many)
    assert len(written) < LONGEST
    with pytest.raises(Unreadable, match="says more than"):
        told(written)
