"""What `apply` shows before a new version counts."""

import pytest

from alarmd.organisation.difference import difference
from alarmd.organisation.file import parse
from alarmd.organisation.model import Organisation

OFFICE = """\
alarmd: 1
name: Office
time_zone: Europe/Oslo
sites:
  main:
    name: Main
    zones: {hall: {name: Hall, floor: "1"}, room-2: {name: Room 2}}
devices:
  desk-3: {zone: main/hall, kind: panic}
people:
  kari:
    contact: [{sms: "+4790000021"}, {webhook: {url: "https://x.example/hook", secret: abcdefghij}}]
    name: Kari
    language: nn
teams: {guards: [kari]}
chains:
  rest:
    for: {}
    steps:
      - {after: 0s, notify: [{team: guards}]}
      - {after: 20s, notify: [{person: kari}], by: [sms]}
    tell_presser: true
"""


def office(*replacements: tuple[str, str]) -> Organisation:
    text = OFFICE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return parse(text, "office.yaml").organisation


def test_the_same_has_no_difference() -> None:
    assert difference(office(), office()) == ()


def test_without_an_old_version_all_is_added() -> None:
    lines = difference(None, office())
    assert [line.partition(": added ")[0] for line in lines] == [
        "name",
        "time_zone",
        "language",
        "sites.main",
        "devices.desk-3",
        "people.kari",
        "teams.guards",
        "chains.rest",
        "joining",
    ]
    assert "devices.desk-3: added {zone: main/hall, kind: panic}" in lines
    assert "teams.guards: added [kari]" in lines
    kari = next(line for line in lines if line.startswith("people.kari"))
    assert kari.endswith("contact: [{sms: +47…21}, {webhook: {url: htt…ok, secret: …}}], language: nn}")


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("zone: main/hall,", "zone: main/room-2,", ["devices.desk-3.zone: main/hall -> main/room-2"]),
        (", room-2: {name: Room 2}", "", ["sites.main.zones.room-2: removed"]),
        ("{name: Room 2}", "{name: Room 2}, b: {name: B}", ["sites.main.zones.b: added {name: B}"]),
        ('floor: "1"', 'floor: "2"', ["sites.main.zones.hall.floor: 1 -> 2"]),
        ("  desk-3: {zone: main/hall, kind: panic}\n", "", ["devices.desk-3: removed"]),
        ("    language: nn\n", "", ["people.kari.language: removed"]),
        ("tell_presser: true", "tell_presser: false", ["chains.rest.tell_presser: true -> false"]),
        ("after: 20s", "after: 30s", ["chains.rest.steps.2.after: 20s -> 30s"]),
        ("by: [sms]", "by: [sms, voice]", ["chains.rest.steps.2.by: [sms] -> [sms, voice]"]),
        (", by: [sms]", "", ["chains.rest.steps.2.by: removed"]),
        ("kind: panic}", "kind: panic, pin: [0.5, 1]}", ["devices.desk-3.pin: added [0.5, 1.0]"]),
        (
            "    tell_presser",
            "      - {after: 1h, notify: [{team: guards}]}\n    tell_presser",
            ["chains.rest.steps.3: added {after: 1h, notify: [{team: guards}]}"],
        ),
    ],
)
def test_each_change_is_one_line(old: str, new: str, lines: list[str]) -> None:
    assert list(difference(office(), office((old, new)))) == lines


def test_a_removed_step_is_told_by_its_place() -> None:
    without = office(("      - {after: 20s, notify: [{person: kari}], by: [sms]}\n", ""))
    assert difference(office(), without) == ("chains.rest.steps.2: removed",)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("+4790000021", "+4790000099", "people.kari.contact.1.sms: +47…21 -> +47…99"),
        ("+4790000021", "+4790009021", "people.kari.contact.1.sms: +47…21, changed"),
        ("abcdefghij", "short", "people.kari.contact.2.webhook.secret: …, changed"),
        ("https://x.example/hook", "https://y.example/hook", "people.kari.contact.2.webhook.url: htt…ok, changed"),
    ],
)
def test_numbers_and_secrets_never_stand_in_full(old: str, new: str, line: str) -> None:
    lines = difference(office(), office((old, new)))
    assert lines == (line,)
    assert old not in "".join(lines)
    assert new not in "".join(lines)


def test_a_contact_that_becomes_another_kind_says_both() -> None:
    lines = difference(office(), office(('{sms: "+4790000021"}', '{voice: "+4790000021"}')))
    assert lines == ("people.kari.contact.1.sms: removed", "people.kari.contact.1.voice: added +47…21")
