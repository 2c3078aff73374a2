"""Somebody who helps presses a silent alarm himself: nothing is shown of it where he is needed, and his word there
holds for its time."""

import pytest

from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, NeedsHelp
from alarmd.alarm.model import Kind, NextStep, Person, State
from alarmd.organisation.model import Acknowledge
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story


def called_out(**said: Action) -> Story:
    """A panic at reception; each of these says so, and should be there within a minute."""
    chain = (step(0, team("guards")), step(300, role("manager")))
    story = Story(answered_by(*chain, acknowledge=Acknowledge(arrive_within=seconds(60))), arrives=True)
    story.press("desk-3")
    for who, action in said.items():
        story.does(who, action)
    story.wait(10)
    return story


def presses_silently(story: Story, who: str = "ola") -> None:
    story.happens(NeedsHelp(story.last, Person(who, who.capitalize(), "phone"), silent=True))


def test_where_he_has_arrived_he_is_counted_on_for_so_long_as_on_who_is_on_his_way() -> None:
    story = called_out(ola=Action.ARRIVED)
    presses_silently(story)
    assert (story.state(), story.kinds()[-1]) == (State.ATTENDED, EventKind.ARRIVED)
    assert (story.shown("desk-3")[-1], story.alarm.next) == ("arrived", NextStep(2, 1, None))
    before = story.alarm
    presses_silently(story)
    assert story.alarm == before, "one more such press gives him no more time"
    story.wait(59)
    assert story.state() is State.ATTENDED
    story.wait(1)
    assert (story.state(), EventKind.LAPSED in story.kinds()) == (State.RAISED, True)
    assert story.steps()[1:] == [(70, 2, ["eva"])]
    assert story.shown("desk-3") == ["raised", "arrived", "raised"]
    assert story.folded(story.last) == story.alarm


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.EN_ROUTE])
def test_on_his_way_he_has_the_time_that_he_has_promised(action: Action) -> None:
    story = called_out(ola=action)
    before = story.alarm
    presses_silently(story)
    assert story.alarm == before


def test_who_says_once_more_that_he_is_there_is_believed() -> None:
    story = called_out(ola=Action.ARRIVED)
    presses_silently(story)
    story.wait(30)
    story.does("ola", Action.ARRIVED)
    story.wait(1000)
    assert (story.state(), story.due[story.last]) == (State.ATTENDED, None)


def test_an_alarm_that_becomes_stronger_gives_him_no_more_time() -> None:
    story = called_out(ola=Action.ARRIVED)
    presses_silently(story)
    story.press("desk-3", Kind.DURESS)
    assert story.state() is State.ATTENDED
    story.wait(60)
    assert story.state() is State.RAISED


def test_with_his_time_that_of_those_is_over_who_should_have_been_there_long_since() -> None:
    story = called_out(per=Action.EN_ROUTE, ola=Action.ARRIVED)
    presses_silently(story)
    story.wait(60)
    assert [e.data["people"] for e in story.events[story.last] if e.kind is EventKind.LAPSED] == [["ola"], ["per"]]
    assert story.state() is State.RAISED


def test_as_long_as_enough_others_are_there_it_stays_attended() -> None:
    story = called_out(per=Action.ARRIVED, ola=Action.ARRIVED)
    presses_silently(story)
    story.wait(60)
    assert (story.state(), [r.person for r in story.alarm.responders]) == (State.ATTENDED, ["per"])
    assert story.folded(story.last) == story.alarm


def test_of_one_who_does_not_count_nothing_is_written() -> None:
    story = Story(answered_by(step(0, team("guards")), acknowledge=Acknowledge(by_roles=frozenset({"manager"}))))
    story.press("desk-3")
    story.does("ola", Action.ARRIVED)
    before = story.alarm
    presses_silently(story)
    assert story.alarm == before
