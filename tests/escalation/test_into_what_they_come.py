"""An alarm becomes stronger: whoever is on his way to it is told into what he comes."""

from dataclasses import replace

import pytest

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Pressed
from alarmd.alarm.model import AttemptState, Kind, Person
from tests.escalation.stories import GUARDS, TWO
from tests.support.organisations import answered_by, office, role, seconds, step, team
from tests.support.story import Story


def told_so(story: Story) -> list[tuple[str, str]]:
    """To whom, and why, whatever a step has not told."""
    notified = [e.data for e in story.events[story.last] if e.kind is EventKind.NOTIFIED]
    return [(d["person"], d["reason"]) for d in notified if d["reason"] in ("upgraded", "duress_pin")]


def called() -> Story:
    """The guards have a text; two are needed."""
    chain = (step(0, team("guards"), by=("sms",)), step(300, role("manager")))
    story = Story(answered_by(*chain, acknowledge=replace(TWO, arrive_within=seconds(600))))
    story.press("room-2")
    for guard in GUARDS:
        story.report(story.attempt(guard, "sms").id, AttemptState.DELIVERED)
    return story


@pytest.mark.parametrize("kind", [Kind.PANIC, Kind.DURESS])
def test_who_is_coming_when_an_alarm_becomes_stronger_is_told_so_once_by_the_ways_of_its_first_step(kind: Kind) -> None:
    story = Story(arrives=True)
    story.press("room-2")
    story.does("ola", Action.EN_ROUTE)
    story.does("siv", Action.ARRIVED)
    story.does("per", Action.DECLINE)
    before = len(story.effects)
    story.press("room-2", kind)
    assert told_so(story) == [("ola", "upgraded"), ("siv", "upgraded")]
    tells = [(e.person, e.channel) for e in story.effects[before:] if isinstance(e, Tell)]
    assert [each for each in tells if each[0] in ("ola", "siv")] == [("ola", "sms"), ("siv", "sms")]
    story.wait(200)
    assert len(told_so(story)) == 2


def test_who_is_coming_and_does_not_count_for_the_stronger_kind_is_told_too() -> None:
    story = Story(office(), arrives=True)
    story.press("room-2")
    story.does("ane", Action.EN_ROUTE)
    story.press("room-2", Kind.PANIC)
    assert told_so(story) == [("ane", "upgraded")]


def test_whoever_pressed_is_told_nothing() -> None:
    story = Story()
    by = Person("kari", "Kari Fjord", "phone")
    story.happens(Pressed(by, zone="fjordvik/reception", kind=Kind.ASSIST))
    story.does("kari", Action.EN_ROUTE)
    story.happens(Pressed(by, zone="fjordvik/reception", kind=Kind.PANIC))
    assert story.kinds().count(EventKind.UPGRADED) == 1
    assert told_so(story) == []


@pytest.mark.parametrize("how", ["upgraded", "duress_pin"])
def test_it_is_wanted_also_when_enough_are_coming_and_goes_by_his_other_ways(how: str) -> None:
    story = called()
    story.does("ola", Action.EN_ROUTE)
    if how == "upgraded":
        story.press("room-2", Kind.PANIC)
    else:
        story.pin("kari")
    assert told_so(story) == [("ola", how)]
    story.does("per", Action.EN_ROUTE)
    assert not story.alarm.asks
    story.wait(15)
    assert story.told("voice") == ["ola"]
    assert story.folded(story.last) == story.alarm
    story.does("ola", Action.ARRIVED)
    assert not story.alarm.wants(story.alarm.notifications[-1]), "he has answered since"
