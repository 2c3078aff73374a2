"""Who may cancel by PIN, and from whom a veil hides."""

import pytest

from alarmd.access.model import Caller, Scope
from alarmd.access.side import as_seen, hides, stands_there
from alarmd.alarm.model import Alarm, Person
from tests.escalation.stories import pressed_at_reception
from tests.support.organisations import office, person
from tests.support.story import Story

PEOPLE = {
    **office().people,
    "nils": person("nils", "staff", at="fjordvik/reception"),
    "siri": person("siri", "staff", at="fjordvik/room-2"),
    "tor": person("tor", "staff", at="fjordvik"),
    "gro": person("gro", "staff", at="dalen"),
}


def signed_in(id: str) -> Caller:
    return Caller("c", id, None, id, roles=PEOPLE[id].roles)


def key(scope: Scope = Scope.PRESS, *, device: str | None = None, whose: str | None = None) -> Caller:
    return Caller("c", "a-key", scope, whose, device, roles=PEOPLE[whose].roles if whose else ())


def by_desk() -> Alarm:
    return Story().press("desk-3")


def by_kari() -> Alarm:
    return Story().happens(pressed_at_reception(Person("kari", "Kari", "phone")))


@pytest.mark.parametrize(
    ("caller", "whose", "desk", "phone"),
    [
        (signed_in("kari"), "kari", True, True),  # who sits there, or pressed
        (signed_in("nils"), "nils", True, False),  # his place is there; he has not pressed
        (signed_in("tor"), "tor", True, False),  # of the whole site
        (signed_in("siri"), "siri", False, False),  # another room
        (signed_in("ola"), "ola", False, False),  # a guard of every site: with a reason, not by PIN
        (key(Scope.ANSWER, whose="nils"), "nils", True, False),
        (key(device="desk-3"), "siri", True, False),  # whoever of the site types at the button's own pad
        (key(device="desk-3"), "gro", False, False),
        (key(device="desk-3", whose="siri"), "siri", True, False),
        (key(device="desk-4"), "kari", False, False),  # another button
        (key(), "ola", True, False),  # a gateway speaks for every button
    ],
)
def test_who_may_cancel_by_pin(caller: Caller, whose: str, desk: bool, phone: bool) -> None:
    assert stands_there(caller, by_desk(), PEOPLE[whose]) == desk
    assert stands_there(caller, by_kari(), PEOPLE[whose]) == phone


@pytest.mark.parametrize(
    ("caller", "behind"),
    [
        (signed_in("kari"), True),
        (signed_in("siri"), True),
        (signed_in("ane"), True),
        (signed_in("ola"), False),
        (signed_in("eva"), False),
        (key(Scope.READ), False),
        (key(Scope.ADMIN), False),
        (key(Scope.ANSWER, whose="siri"), True),
        (key(Scope.READ, whose="ola"), False),
    ],
)
def test_from_whom_a_veil_hides(caller: Caller, behind: bool) -> None:
    story = Story()
    story.press()
    story.pin("kari")
    assert story.alarm.veil is not None
    veil = story.alarm.veil
    assert hides(caller, veil) == behind
    assert (as_seen(caller, story.alarm) is story.alarm.face) == behind
    assert (open_to_all := as_seen(caller, by_desk())) is not None
    assert open_to_all.veil is None
    fault = story.fault("exhausted:duress", behind=veil)
    assert as_seen(caller, fault) is (None if behind else fault)
