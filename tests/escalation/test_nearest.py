"""The so many people nearest to where help is wanted, among those who can be asked now."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.alarm.incoming import Action, Pressed
from alarmd.alarm.model import Kind
from alarmd.alarm.model import Person as By
from alarmd.escalation.nearness import nearest
from alarmd.escalation.preview import preview
from alarmd.organisation.model import (
    Absence,
    Acknowledge,
    Device,
    Organisation,
    Person,
    Repeat,
    Site,
    Step,
    Target,
    TargetKind,
    Zone,
)
from tests.support.organisations import answered_by, person, seconds, step, team
from tests.support.story import BEGAN, Story

Area = tuple[float, float, float, float]


def near(count: int, role: str = "") -> Target:
    return Target(TargetKind.NEAREST, role, count)


def zone(name: str, floor: str = "", audible_to: tuple[str, ...] = (), area: Area | None = None) -> Zone:
    return Zone(f"house/{name}", "house", name, floor, audible_to=tuple(f"house/{z}" for z in audible_to), area=area)


HOUSE = (
    zone("here", "1", ("next",), (0.0, 0.0, 0.2, 0.2)),
    zone("next", "2"),
    zone("beyond", "2", ("next",)),
    zone("far-end", "1", (), (0.8, 0.8, 0.2, 0.2)),
    zone("across", "1", (), (0.2, 0.0, 0.2, 0.2)),
    zone("undrawn", "1"),
    zone("upstairs", "2"),
    zone("yard"),
)
BY_DISTANCE = ["here", "next", "beyond", "across", "far-end", "undrawn", "upstairs", "yard", "anywhere", "house"]
FILE = ["anywhere", "house", "undrawn", "far-end", "upstairs", "across", "beyond", "next", "yard", "here"]


def housed(*steps: Step, at: Mapping[str, str | None] | None = None, **more: Any) -> Organisation:
    """One person in each zone, named after it, in no order of distance; one of the site, one of every site, one of
    another; a button in `here`."""
    known = {name: f"house/{name}" for name in FILE} | {"anywhere": None, "house": "house", "stranger": "shed/floor"}
    known = known if at is None else {**at}
    return answered_by(
        *(steps or (step(0, near(3)),)),
        **more,
        sites={
            "house": Site("house", "House", {each.id: each for each in HOUSE}),
            "shed": Site("shed", "Shed", {"shed/floor": Zone("shed/floor", "shed", "Floor")}),
        },
        devices={"button": Device("button", "house/here", Kind.PANIC)},
        people={id: person(id, "staff", at=place) for id, place in known.items()},
        teams={"nobody": (), "upper": ("upstairs",)},
        externals={},
    )


def asked(organisation: Organisation, **more: object) -> list[str]:
    """Whom the first step tells."""
    story = Story(organisation, arrives=True)
    story.press("button", **more)  # type: ignore[arg-type]  # fields of Pressed
    return story.steps()[0][2]


def test_the_same_zone_then_shouts_then_the_drawing_then_the_floor_then_the_site_then_who_has_no_zone() -> None:
    assert [each.id for each in nearest(housed(), "house", "house/here")] == BY_DISTANCE


def test_equals_stand_in_the_order_of_the_file() -> None:
    at = {"b": "house/next", "a": "house/next", "d": "house/yard", "c": "house/upstairs"}
    assert [each.id for each in nearest(housed(at=at), "house", "house/far-end")] == ["b", "a", "d", "c"]


def test_on_the_drawing_it_is_from_middle_to_middle() -> None:
    hall, near_door = zone("hall", "1", (), (0.0, 0.0, 0.9, 0.9)), zone("door", "1", (), (0.0, 0.0, 0.1, 0.1))
    booth = zone("booth", "1", (), (0.5, 0.5, 0.1, 0.1))
    site = Site("house", "House", {each.id: each for each in (hall, near_door, booth)})
    people = {name: Person(name, name, at=f"house/{name}") for name in ("door", "booth", "hall")}
    organisation = replace(housed(), sites={"house": site}, people=people)
    assert [each.id for each in nearest(organisation, "house", "house/hall")] == ["hall", "booth", "door"]
    assert [each.id for each in nearest(organisation, "house", "house/door")] == ["door", "hall", "booth"]


def test_whoever_hears_the_other_is_as_near() -> None:
    assert nearest(housed(), "house", "house/next")[1].id in ("here", "beyond")
    assert [each.id for each in nearest(housed(), "house", "house/beyond")][:3] == ["beyond", "next", "here"]


@pytest.mark.parametrize("place", [None, "house/cellar"])
def test_where_the_place_is_not_known_everybody_of_the_site_is_as_near(place: str | None) -> None:
    assert [each.id for each in nearest(housed(), "house", place)] == [*FILE[2:], *FILE[:2]]


@pytest.mark.parametrize("site", [None, "cellar"])
def test_without_a_site_nobody_is_near(site: str | None) -> None:
    assert nearest(housed(), site, None) == ()


def test_a_step_asks_so_many_of_them() -> None:
    assert asked(housed(step(0, near(1)))) == ["here"]
    assert asked(housed(step(0, near(3)))) == ["here", "next", "beyond"]
    assert asked(housed(step(0, near(99)))) == BY_DISTANCE


def test_of_a_role_where_one_is_named() -> None:
    organisation = housed(step(0, near(2, "guard")))
    guards = {id: replace(organisation.people[id], roles=("guard",)) for id in ("yard", "far-end", "stranger")}
    assert asked(replace(organisation, people={**organisation.people, **guards})) == ["far-end", "yard"]


def test_it_is_the_zone_of_the_newest_press() -> None:
    story = Story(housed(step(0, near(1)), step(20, near(1))), arrives=True)
    story.press("button")
    for place in ("house/here", "house/upstairs"):
        story.happens(Pressed(By("stranger", "Stranger", "phone"), zone=place))
    story.wait(20)
    assert story.steps() == [(0, 1, ["here"]), (20, 2, ["upstairs"])]


class TestAmongThoseWhoCanBeAskedNow:
    def test_the_absent_are_passed(self) -> None:
        organisation = housed(step(0, near(2)))
        today = Absence(datetime(2027, 3, 1), datetime(2027, 3, 2))  # noqa: DTZ001 - local to the organisation
        away = replace(organisation.people["here"], absent=(today,))
        assert asked(replace(organisation, people={**organisation.people, "here": away})) == ["next", "beyond"]

    def test_the_presser_is_passed(self) -> None:
        story = Story(housed(step(0, near(2))))
        story.happens(Pressed(By("here", "Here", "phone"), zone="house/here"))
        assert story.steps() == [(0, 1, ["next", "beyond"])]

    def test_who_is_coming_is_passed(self) -> None:
        story = Story(housed(step(0, near(2)), step(20, near(2)), acknowledge=Acknowledge(needed=2)), arrives=True)
        story.press("button")
        story.does("next", Action.ACKNOWLEDGE)
        story.wait(20)
        assert story.steps()[1:] == [(20, 2, ["here", "beyond"])]

    def test_who_cannot_is_passed_while_others_are_left(self) -> None:
        at = {"here": "house/here", "next": "house/next"}
        story = Story(housed(step(0, near(1)), repeat=Repeat(1, seconds(10)), at=at), arrives=True)
        story.press("button")
        story.does("here", Action.DECLINE)
        story.wait(10)
        assert story.steps()[1:] == [(10, 1, ["next"])]
        story.does("next", Action.DECLINE)
        story.wait(10)
        assert story.steps()[2:] == [(20, 1, ["here"])], "when nobody else is left the nearest is asked again"

    def test_who_cannot_be_told_by_this_step_is_passed(self) -> None:
        organisation = housed(step(0, near(2), by=("sms",)))
        mute = replace(organisation.people["next"], contact=())
        organisation = replace(organisation, people={**organisation.people, "next": mute})
        assert asked(organisation) == ["here", "beyond"]
        assert asked(replace(organisation, chains=housed(step(0, near(2))).chains)) == ["here", "next"]

    def test_one_who_is_meant_by_another_target_too_is_told_once(self) -> None:
        assert asked(housed(step(0, team("upper"), near(2), Target(TargetKind.PERSON, "next")))) == [
            "upstairs",
            "here",
            "next",
        ]

    def test_where_nobody_is_left_it_reaches_nobody_and_that_is_no_fault_of_the_chain(self) -> None:
        at = {"here": "house/here", "stranger": "shed/floor"}
        chain = (step(0, near(1)), step(20, near(1), otherwise=(Target(TargetKind.PERSON, "stranger"),)))
        story = Story(housed(*chain, at=at, acknowledge=Acknowledge(needed=2)), arrives=True)
        story.press("button")
        story.does("here", Action.ACKNOWLEDGE)
        story.wait(20)
        assert story.steps()[1:] == [(20, 2, ["stranger"])]


def test_a_preview_shows_them() -> None:
    first = preview(housed(step(0, near(2))), "button", None, BEGAN).steps[0]
    assert [told.person for told in first.tell] == ["here", "next"]


def test_a_thousand_zones_are_no_work() -> None:
    """A hospital: a step must not wait for a map."""
    zones = {f"house/{n}": Zone(f"house/{n}", "house", str(n), audible_to=(f"house/{n + 1}",)) for n in range(1000)}
    people = {f"p{n}": Person(f"p{n}", str(n), at=f"house/{n}") for n in range(1000)}
    big = replace(housed(), sites={"house": Site("house", "House", zones)}, people=people)
    assert [each.id for each in nearest(big, "house", "house/500")[:3]] == ["p500", "p499", "p501"]


NAMES = [f"z{n}" for n in range(6)]
HEARD = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=8)


@given(heard=HEARD, floors=st.lists(st.sampled_from(["", "1", "2"]), min_size=6, max_size=6), start=st.integers(0, 5))
def test_nobody_is_overtaken_by_somebody_farther(heard: list[tuple[str, str]], floors: list[str], start: int) -> None:
    """Against the plainest distance there is: every way, step by step."""
    zones = {
        f"house/{name}": Zone(
            f"house/{name}", "house", name, floor, audible_to=tuple(f"house/{b}" for a, b in heard if a == name)
        )
        for name, floor in zip(NAMES, floors, strict=True)
    }
    people = {name: Person(name, name, at=f"house/{name}") for name in NAMES}
    organisation = replace(housed(), sites={"house": Site("house", "House", zones)}, people=people)
    pairs = {*heard, *((b, a) for a, b in heard)}

    def distance(name: str) -> int:
        reached, steps = {NAMES[start]}, 0
        while name not in reached and steps < 6:
            reached |= {b for a, b in pairs if a in reached}
            steps += 1
        same = bool(floors[start]) and floors[NAMES.index(name)] == floors[start]
        return steps if steps < 6 else 7 - same

    found = [distance(each.id) for each in nearest(organisation, "house", f"house/{NAMES[start]}")]
    assert found == sorted(found)


@pytest.mark.parametrize("turn", [lambda x, y, w, h: (x, y, w, h), lambda x, y, w, h: (y, x, h, w)], ids=["x", "y"])
def test_the_middle_of_a_long_room_is_half_way_along_it(turn: Callable[[float, float, float, float], Area]) -> None:
    hall, before = zone("hall", "1", (), turn(0.0, 0.0, 0.6, 0.0)), zone("before", "1", (), turn(0.18, 0.0, 0.0, 0.0))
    behind = zone("behind", "1", (), turn(0.4, 0.0, 0.0, 0.0))
    site = Site("house", "House", {each.id: each for each in (hall, before, behind)})
    people = {name: Person(name, name, at=f"house/{name}") for name in ("before", "behind")}
    organisation = replace(housed(), sites={"house": site}, people=people)
    assert [each.id for each in nearest(organisation, "house", "house/hall")] == ["behind", "before"]
