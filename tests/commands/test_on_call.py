"""Who is on call and who would be told, asked from a shell, above all in the nights on which the clocks change."""

import json
from pathlib import Path

import pytest

from tests.commands.test_command_line import Shell, refused
from tests.support.daemon import Daemon

OFFICE = """\
alarmd: 1
name: Nav Fjordvik
time_zone: Europe/Oslo
holidays: {also: [2027-03-28]}
sites: {fjordvik: {name: Nav Fjordvik, zones: {reception: {name: Mottak}}}}
devices: {desk-3: {zone: fjordvik/reception, kind: panic}}
people:
  ola: {name: Ola Nes, roles: [guard], contact: [{sms: "+4790000021"}]}
  per: {name: Per Vik, roles: [guard], contact: [{sms: "+4790000022"}]}
  eva: {name: Eva Dal, roles: [guard], contact: [{sms: "+4790000023"}]}
teams: {}
schedules:
  nights:
    rotations:
      - {people: [per, ola], from: 2026-01-01T02:30, every: 1d}
      - {people: [eva], from: 2026-01-01, every: 1d, only: {holidays: only, between: 05:00-22:00}, instead: true}
chains:
  rest:
    for: {}
    steps:
      - {after: 0s, notify: [{on_call: nights}], by: [sms]}
      - {after: 29m, notify: [{on_call: nights}], by: [sms]}
      - {after: 30m, notify: [{on_call: nights}], by: [sms]}
"""


@pytest.fixture
def one(tmp_path: Path) -> Daemon:
    one = Shell(tmp_path)
    one.apply(OFFICE)
    return one


def previewed(one: Daemon, at: str) -> list[tuple[str, str]]:
    steps = json.loads(one.do("preview", "desk-3", "--at", at, "--json"))["steps"]
    return [(step["at"][11:16], step["tell"][0]["person"]) for step in steps]


def test_a_press_on_the_night_on_which_spring_skips_the_hand_over(one: Daemon) -> None:
    """At 01:30 Per has the night. His hand-over of 02:30 does not exist: it is at 03:00, which is 01:00 UTC."""
    assert previewed(one, "2027-03-28T01:30") == [("00:30", "per"), ("00:59", "per"), ("01:00", "ola")]


def test_a_press_on_the_night_on_which_autumn_repeats_the_hand_over(one: Daemon) -> None:
    """02:30 comes twice: the hand-over is at the first, and nobody goes back at the second."""
    assert previewed(one, "2027-10-31T02:00") == [("00:00", "ola"), ("00:29", "ola"), ("00:30", "per")]
    assert previewed(one, "2027-10-31T02:15+01:00") == [("01:15", "per"), ("01:44", "per"), ("01:45", "per")]


def test_on_call_at_a_time(one: Daemon) -> None:
    assert one.do("oncall", "nights", "--at", "2027-03-28T01:30") == "nights 2027-03-28 01:30 CET: per\n"
    assert one.do("oncall", "nights", "--at", "2025-03-28T01:30") == "nights 2025-03-28 01:30 CET: NOBODY\n"
    told = json.loads(one.do("oncall", "nights", "--at", "2027-03-28T03:00", "--json"))
    assert told == {"schedule": "nights", "at": "2027-03-28T01:00:00.000Z", "people": ["ola"]}
    assert one.do("oncall", "nights").startswith("nights 20")


def test_on_call_over_a_span_shows_every_hand_over_and_the_holiday(one: Daemon) -> None:
    """28 March 2027 is Easter Sunday, here as a day of the office's own."""
    assert one.do("oncall", "nights", "--from", "2027-03-27T12:00", "--to", "2027-03-29T04:00").splitlines() == [
        "2027-03-27 12:00 CET - 2027-03-28 03:00 CEST  per",
        "2027-03-28 03:00 CEST - 2027-03-28 05:00 CEST  ola",
        "2027-03-28 05:00 CEST - 2027-03-28 22:00 CEST  eva",
        "2027-03-28 22:00 CEST - 2027-03-29 02:30 CEST  ola",
        "2027-03-29 02:30 CEST - 2027-03-29 04:00 CEST  per",
    ]
    week = json.loads(one.do("oncall", "nights", "--from", "2027-06-01", "--json"))
    assert (week["from"], week["to"]) == ("2027-05-31T22:00:00.000Z", "2027-06-07T22:00:00.000Z")
    assert len(week["duties"]) == 8


def test_on_call_as_a_calendar(one: Daemon) -> None:
    text = one.do("oncall", "nights", "--ics", "--from", "2027-06-01", "--to", "2027-06-03")
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == 3
    assert one.do("oncall", "nights", "--ics").count("BEGIN:VEVENT") >= 90


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody",), "no schedule 'nobody'"),
        (("nights", "--at", "noon"), "--at noon: not a time"),
        (("nights", "--from", "noon"), "--from noon: not a time"),
        (("nights", "--from", "2027-01-02", "--to", "2027-01-01"), "to is not after from"),
        (("nights", "--at", "2027-01-02", "--to", "2027-01-01"), "--at is one time"),
        (("nights", "--at", "2027-01-02", "--ics"), "--at is one time"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(one: Daemon, words: tuple[str, ...], says: str) -> None:
    assert says in refused(one, "oncall", *words)


GUARDED = """\
alarmd: 1
name: Nav Fjordvik
time_zone: Europe/Oslo
sites: {fjordvik: {name: Nav Fjordvik, zones: {reception: {name: Mottak}}}}
devices: {desk-3: {zone: fjordvik/reception, kind: panic}}
people:
  kari: {name: Kari Berg, roles: [staff], at: fjordvik/reception, contact: [{sms: "+4790000021"}]}
  ola: {name: Ola Nes, roles: [guard], contact: [{sms: "+4790000022"}, {voice: "+4790000022"}]}
  per: {name: Per Lie, roles: [guard], contact: [{sms: "+4790000023"}, {voice: "+4790000023"}]}
  eva: {name: Eva Moe, roles: [manager], contact: [{sms: "+4790000024"}, {voice: "+4790000024"}]}
teams: {guards: [ola, per]}
schedules:
  guard-duty:
    rotations: [{people: [ola, per], from: 2026-01-05T08:00, every: 7d}]
    only: {days: mon-fri, between: 07:00-17:00}
chains:
  panic:
    for: {}
    steps:
      - {after: 0s, notify: [{colleagues: zone}, {team: guards}], by: [console, sms]}
      - {after: 20s, notify: [{on_call: guard-duty}], by: [voice], else: [{team: guards}]}
      - {after: 60s, notify: [{role: manager}], by: [voice, sms]}
"""


@pytest.mark.parametrize(
    ("at", "instant"),
    [
        ("2027-03-28T01:30", "2027-03-28T00:30:00.000Z"),
        ("2027-03-28T02:30", "2027-03-28T01:30:00.000Z"),
        ("2027-10-31T02:30", "2027-10-31T00:30:00.000Z"),
        ("2027-10-31T02:30+02:00", "2027-10-31T00:30:00.000Z"),
        ("2027-10-31T02:30+01:00", "2027-10-31T01:30:00.000Z"),
    ],
)
def test_on_both_nights_the_guards_stand_in_for_a_duty_of_office_hours(tmp_path: Path, at: str, instant: str) -> None:
    """Both are Sundays: nobody has guard duty, and the step's else is told. 02:30 comes twice in autumn; in spring it
    is taken as the clock would show it that nobody has changed.
    """
    one = Shell(tmp_path)
    one.apply(GUARDED)
    shown = json.loads(one.do("preview", "desk-3", "--at", at, "--json"))
    assert shown["at"] == instant
    assert [[told["person"] for told in step["tell"]] for step in shown["steps"]] == [
        ["kari", "ola", "per"],
        ["ola", "per"],
        ["eva"],
    ]
    friday = f"{at[:8]}{int(at[8:10]) - 2}T12:00"
    duty = json.loads(one.do("preview", "desk-3", "--at", friday, "--json"))["steps"][1]["tell"]
    assert one.do("oncall", "guard-duty", "--at", friday).endswith(f": {duty[0]['person']}\n")
    assert len(duty) == 1, "on the Friday before, one of them has it"
