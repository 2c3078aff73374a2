"""Who is meant by a step's targets: by person, team, duty, role and place; absent people left out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alarmd.escalation.targets import named_by, people_for
from alarmd.organisation.model import (
    Absence,
    External,
    Organisation,
    Override,
    Person,
    Rotation,
    Schedule,
    Site,
    Target,
    TargetKind,
    Zone,
)
from tests.support.organisations import office

AT = datetime(2027, 7, 1, 12, 0, tzinfo=UTC)
"""14:00 in Oslo."""
ROOM_2, ROOM_3, DESK = "fjordvik/room-2", "fjordvik/room-3", "fjordvik/reception"


def staffed() -> Organisation:
    """Two people in room 2, one in room 3 (which hears room 2), one at the desk, one of the site, one at another."""
    at = {"ada": ROOM_2, "bo": ROOM_2, "cato": ROOM_3, "dina": DESK, "egil": "fjordvik", "frida": "vika/desk"}
    people = {id: Person(id, id.title(), ("staff",), place) for id, place in at.items()}
    people["gro"] = Person("gro", "Gro", ("manager", "guard"))
    vika = Site("vika", "Nav Vika", {"vika/desk": Zone("vika/desk", "vika", "Skranke")})
    base = office(people=people, teams={"guards": ("gro", "ada"), "nobody": ()})
    start = datetime(2027, 1, 1, 8, 0)  # noqa: DTZ001 - local to the organisation, as in its file
    week = Schedule("week", (Rotation(("bo", "cato"), start, timedelta(days=1)),))
    gone = replace(week, id="gone", overrides=(Override("frida", start, start + timedelta(days=365)),))
    return replace(
        base,
        sites={**base.sites, "vika": vika},
        schedules={"week": week, "gone": gone},
        externals={"arc": External("arc", "Alarm centre", ())},
    )


def meant(kind: TargetKind, name: str, zone: str | None = ROOM_2, site: str | None = "fjordvik") -> list[str]:
    return list(people_for((Target(kind, name),), staffed(), site, zone, AT))


@pytest.mark.parametrize(
    ("kind", "name", "people"),
    [
        (TargetKind.PERSON, "dina", ["dina"]),
        (TargetKind.EXTERNAL, "arc", ["arc"]),
        (TargetKind.TEAM, "guards", ["gro", "ada"]),
        (TargetKind.TEAM, "nobody", []),
        (TargetKind.ON_CALL, "week", ["cato"]),
        (TargetKind.ON_CALL, "gone", ["frida"]),
        (TargetKind.ROLE, "manager", ["gro"]),
        (TargetKind.ROLE, "staff", ["ada", "bo", "cato", "dina", "egil"]),
        (TargetKind.ROLE, "priest", []),
    ],
)
def test_who_is_meant(kind: TargetKind, name: str, people: list[str]) -> None:
    assert meant(kind, name) == people


@pytest.mark.parametrize(
    ("scope", "zone", "people"),
    [
        ("zone", ROOM_2, ["ada", "bo", "cato"]),
        ("zone", ROOM_3, ["cato"]),
        ("zone", DESK, ["dina"]),
        ("zone", "fjordvik/cellar", ["ada", "bo", "cato", "dina", "egil"]),
        ("zone", None, ["ada", "bo", "cato", "dina", "egil"]),
        ("site", ROOM_2, ["ada", "bo", "cato", "dina", "egil"]),
        ("site", DESK, ["dina", "ada", "bo", "cato", "egil"]),
    ],
)
def test_colleagues_are_those_of_the_zone_then_those_who_hear_it_then_the_site(
    scope: str, zone: str | None, people: list[str]
) -> None:
    assert meant(TargetKind.COLLEAGUES, scope, zone) == people


@pytest.mark.parametrize(
    ("scope", "away", "people"),
    [
        ("zone", {"dina"}, ["ada", "bo", "cato", "egil"]),
        ("zone", {"ada", "bo"}, ["cato"]),
        ("zone", {"dina", "ada", "egil"}, ["bo", "cato"]),
        ("site", {"dina"}, ["ada", "bo", "cato", "egil"]),
    ],
)
def test_where_no_colleague_nearby_can_be_asked_those_of_the_site_are(
    scope: str, away: set[str], people: list[str]
) -> None:
    place = DESK if "dina" in away else ROOM_2
    target = Target(TargetKind.COLLEAGUES, scope)
    found = people_for((target,), staffed(), "fjordvik", place, AT, lambda id: id not in away)
    assert list(found) == people


def test_whom_a_target_may_come_to_are_all_of_them() -> None:
    def named(kind: TargetKind, name: str, count: int = 0) -> list[str]:
        return sorted(named_by((Target(kind, name, count),), staffed(), "fjordvik", AT))

    assert named(TargetKind.COLLEAGUES, "zone") == ["ada", "bo", "cato", "dina", "egil"]
    assert named(TargetKind.NEAREST, "", 1) == ["ada", "bo", "cato", "dina", "egil", "gro"]
    assert named(TargetKind.NEAREST, "guard", 1) == ["gro"]
    assert named(TargetKind.ON_CALL, "week") == ["cato"]


def test_without_a_site_a_role_is_that_of_every_site_and_nobody_is_a_colleague() -> None:
    assert meant(TargetKind.ROLE, "staff", None, None) == ["ada", "bo", "cato", "dina", "egil", "frida"]
    assert meant(TargetKind.COLLEAGUES, "site", None, None) == []


def test_one_without_a_place_belongs_to_every_site_and_is_no_colleague_of_a_zone() -> None:
    assert meant(TargetKind.ROLE, "guard", "vika/desk", "vika") == ["gro"]
    assert meant(TargetKind.COLLEAGUES, "site", "vika/desk", "vika") == ["frida"]


def test_targets_keep_their_order_and_nobody_is_meant_twice() -> None:
    targets = (Target(TargetKind.PERSON, "ada"), Target(TargetKind.TEAM, "guards"), Target(TargetKind.PERSON, "gro"))
    assert people_for(targets, staffed(), "fjordvik", ROOM_2, AT) == ("ada", "gro")


@pytest.mark.parametrize(
    ("minutes", "present"), [(-1, True), (0, False), (59, False), (60, True)], ids=["before", "first", "last", "after"]
)
def test_absent_people_are_passed_from_the_first_instant_to_the_last_in_local_time(minutes: int, present: bool) -> None:
    start = datetime(2027, 7, 1, 14, 0)  # noqa: DTZ001 - local to the organisation, as in its file
    organisation = staffed()
    away = replace(organisation.people["ada"], absent=(Absence(start, start + timedelta(hours=1)),))
    organisation = replace(organisation, people={**organisation.people, "ada": away})
    found = people_for((Target(TargetKind.PERSON, "ada"),), organisation, None, None, AT + timedelta(minutes=minutes))
    assert (found == ("ada",)) == present


def test_an_absence_ends_at_the_last_of_two_equal_times_of_day_and_never_comes_back() -> None:
    """The night of 31 October 2027: 02:30 comes twice, at 00:30 and 01:30 UTC."""
    midnight = datetime(2027, 10, 31)  # noqa: DTZ001 - local to the organisation, as in its file
    half_past_two = midnight.replace(hour=2, minute=30)
    organisation = staffed()

    def there(absence: Absence) -> list[str]:
        away = replace(organisation.people["ada"], absent=(absence,))
        changed = replace(organisation, people={**organisation.people, "ada": away})
        instants = [
            datetime(2027, 10, 31, *clock, tzinfo=UTC) for clock in ((0, 29), (0, 30), (1, 0), (1, 29), (1, 30))
        ]
        present = [bool(people_for((Target(TargetKind.PERSON, "ada"),), changed, None, None, at)) for at in instants]
        return [at.strftime("%H:%M") for at, here in zip(instants, present, strict=True) if here]

    assert there(Absence(midnight, half_past_two)) == ["01:30"]
    assert there(Absence(half_past_two, midnight + timedelta(days=1))) == ["00:29"]
