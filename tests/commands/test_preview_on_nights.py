"""Who would be told, and when, around the nights on which the clocks change: people and instants worked out by hand.

Guards change each Monday at 08:00 on the wall, which is 07:00 UTC in winter and 06:00 in summer, and are on call on
weekdays from 07:00 to 17:00. Per has the weeks that end on 28 March 2027 and on 25 October 2026, Ola the one that ends
on 31 October 2027. All three are Sundays.
"""

import json
from pathlib import Path

import pytest

from tests.commands.test_command_line import Shell
from tests.support.daemon import Daemon

OFFICE = """\
alarmd: 1
name: Nav Fjordvik
time_zone: Europe/Oslo
sites: {fjordvik: {name: Nav Fjordvik, zones: {reception: {name: Mottak}}}}
devices: {desk-3: {zone: fjordvik/reception, kind: panic}}
people:
  kari: {name: Kari Lind, roles: [staff], at: fjordvik/reception, contact: [{sms: "+4790000021"}]}
  ola: {name: Ola Nes, roles: [guard], contact: [{sms: "+4790000022"}, {voice: "+4790000022"}]}
  per: {name: Per Vik, roles: [guard], contact: [{sms: "+4790000023"}, {voice: "+4790000023"}]}
  eva: {name: Eva Dal, roles: [manager], contact: [{sms: "+4790000024"}, {voice: "+4790000024"}]}
teams: {guards: [ola, per]}
schedules:
  guard-duty:
    rotations: [{people: [ola, per], from: 2026-01-05T08:00, every: 7d}]
    only: {days: mon-fri, between: 07:00-17:00}
    overrides: [{person: eva, from: 2027-03-30T02:30, to: 2027-03-30T08:30}]
externals: {centre: {name: Alarm centre, sms: "+4790000029"}}
chains:
  panic:
    for: {kinds: [panic], sites: [fjordvik]}
    steps:
      - {after: 0s, notify: [{colleagues: zone}, {team: guards}], by: [console, sms]}
      - {after: 20s, notify: [{on_call: guard-duty}], by: [voice], else: [{team: guards}]}
      - {after: 60s, notify: [{role: manager}], by: [voice, sms]}
      - {after: 120s, notify: [{external: centre}]}
    repeat: {from: 2, every: 60s}
  rest: {for: {}, steps: [{after: 0s, notify: [{team: guards}]}]}
"""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Daemon:
    one = Shell(Path(tmp_path_factory.mktemp("office")))
    one.apply(OFFICE)
    return one


def steps(one: Daemon, at: str) -> list[tuple[str, list[str]]]:
    """The instant of each step of the first round, in UTC, and its people."""
    shown = json.loads(one.do("preview", "desk-3", "--at", at, "--json"))
    return [(step["at"][11:19], sorted(each["person"] for each in step["tell"])) for step in shown["steps"][:4]]


def test_the_night_on_which_spring_begins_whole(one: Daemon) -> None:
    """01:30 on the wall is 00:30 UTC. It is Sunday, so nobody is on call, and both guards are called instead."""
    assert steps(one, "2027-03-28T01:30") == [
        ("00:30:00", ["kari", "ola", "per"]),
        ("00:30:20", ["ola", "per"]),
        ("00:31:00", ["eva"]),
        ("00:32:00", ["centre"]),
    ]
    shown = json.loads(one.do("preview", "desk-3", "--at", "2027-03-28T01:30", "--json"))
    assert (shown["chain"], shown["at"]) == ("panic", "2027-03-28T00:30:00.000Z")
    ways = {each["person"]: each["by"] for each in shown["steps"][1]["tell"]}
    assert ways == {"ola": ["voice"], "per": ["voice"]}


@pytest.mark.parametrize(
    ("at", "first", "second"),
    [
        ("2027-03-28T01:59:50", "00:59:50", "01:00:10"),  # over the gap: 03:00:10 on the wall
        ("2027-03-28T02:30", "01:30:00", "01:30:20"),  # does not exist: as far after 02:00 as it says, so 03:30
        ("2027-03-28T03:30", "01:30:00", "01:30:20"),
        ("2026-10-25T02:30", "00:30:00", "00:30:20"),  # exists twice: the first
        ("2026-10-25T02:30+01:00", "01:30:00", "01:30:20"),  # the second
        ("2026-10-25T02:59:50", "00:59:50", "01:00:10"),  # over the fold: 02:00:10 once more
        ("2027-10-31T02:59:50", "00:59:50", "01:00:10"),
        ("2027-10-31T03:00", "02:00:00", "02:00:20"),
    ],
)
def test_steps_keep_their_distance_while_the_clock_on_the_wall_jumps(
    one: Daemon, at: str, first: str, second: str
) -> None:
    assert steps(one, at)[:2] == [(first, ["kari", "ola", "per"]), (second, ["ola", "per"])]


@pytest.mark.parametrize(
    ("at", "second", "guard"),
    [
        ("2027-03-26T16:59:30", "15:59:50", ["per"]),  # the last Friday of winter
        ("2027-03-26T16:59:50", "16:00:10", ["ola", "per"]),  # after hours: nobody, so both
        ("2027-03-29T06:59:30", "04:59:50", ["ola", "per"]),  # the first Monday of summer
        ("2027-03-29T06:59:50", "05:00:10", ["per"]),
        ("2027-03-29T07:59:30", "05:59:50", ["per"]),
        ("2027-03-29T07:59:50", "06:00:10", ["ola"]),
        ("2027-03-30T08:29:30", "06:29:50", ["eva"]),  # an override, to a time of the new clock
        ("2027-03-30T08:29:50", "06:30:10", ["ola"]),
        ("2026-10-26T07:59:30", "06:59:50", ["per"]),  # the first Mondays of winter
        ("2026-10-26T07:59:50", "07:00:10", ["ola"]),
        ("2027-11-01T07:59:30", "06:59:50", ["ola"]),
        ("2027-11-01T07:59:50", "07:00:10", ["per"]),
    ],
)
def test_guards_change_at_eight_on_the_wall_in_summer_and_winter(
    one: Daemon, at: str, second: str, guard: list[str]
) -> None:
    assert steps(one, at)[1] == (second, guard)
