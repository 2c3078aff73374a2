"""Somebody who was there leaves: with too few left there, the alarm is attended no longer and the chain goes on."""

import pytest

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import State
from alarmd.organisation.model import Acknowledge
from tests.escalation.stories import TWO
from tests.support.organisations import answered_by, role, step, team
from tests.support.story import Story

GUARDS_ALONE = Acknowledge(frozenset({"guard"}))


def test_when_the_only_one_there_leaves_it_is_attended_no_longer_and_the_next_step_is_done_at_once() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))), arrives=True)
    story.press()
    story.does("ola", Action.ARRIVED)
    story.wait(100)
    decision = story.does("ola", Action.DECLINE)
    assert decision.events[0].data["reason"] == "too_few_there"
    assert story.state() is State.RAISED
    assert story.steps()[1:] == [(100, 2, ["eva"])]
    assert story.due[story.last] is not None
    assert story.shown("desk-3")[-1] == "raised"
    story.does("per", Action.ARRIVED)
    assert story.state() is State.ATTENDED


def test_when_the_only_one_there_leaves_while_another_is_coming_that_one_is_waited_for_as_long_as_he_promised() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))), arrives=True)
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("per", Action.EN_ROUTE)
    story.wait(100)
    story.does("ola", Action.DECLINE)
    assert story.state() is State.ACKNOWLEDGED
    assert not story.alarm.asks
    story.wait(200)
    assert story.state() is State.RAISED
    assert story.steps()[1:] == [(300, 2, ["eva"])]


def test_one_who_promised_to_come_long_ago_is_not_waited_for_when_the_only_one_there_leaves() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))), arrives=True)
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("per", Action.EN_ROUTE)
    story.wait(3600)
    story.does("ola", Action.DECLINE)
    story.wait(0)
    assert story.state() is State.RAISED
    assert story.steps()[1:] == [(3600, 2, ["eva"])]


def test_when_one_of_two_who_are_there_leaves_the_chain_looks_for_another() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager")), acknowledge=TWO), arrives=True)
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("per", Action.ARRIVED)
    story.wait(100)
    story.does("ola", Action.DECLINE)
    assert story.state() is State.ACKNOWLEDGED
    assert story.steps()[1:] == [(100, 2, ["eva"])]
    story.does("siv", Action.ARRIVED)
    assert story.state() is State.ATTENDED


@pytest.mark.parametrize("who", ["per", "kari"])
def test_one_who_leaves_changes_nothing_while_enough_are_there(who: str) -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager")), acknowledge=GUARDS_ALONE))
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does(who, Action.ARRIVED)
    decision = story.does(who, Action.DECLINE)
    assert story.state() is State.ATTENDED
    assert "reason" not in decision.events[0].data
    assert story.due[story.last] is None
