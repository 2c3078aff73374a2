"""What the one who pressed is shown, and what a silent alarm never shows."""

from dataclasses import replace

import pytest

from alarmd.alarm.effects import Feedback
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Kind, ResponderState, State
from alarmd.escalation.feedback import IDLE, RECEIVED, shown
from alarmd.organisation.model import TellPresser
from tests.escalation.stories import TWO
from tests.support.organisations import answered_by, step, team
from tests.support.story import Story


def test_the_button_follows_the_furthest_responder() -> None:
    story = Story()
    story.press("desk-3")
    for who, action in (("ola", Action.ACKNOWLEDGE), ("per", Action.EN_ROUTE), ("siv", Action.ACKNOWLEDGE)):
        story.does(who, action)
    story.does("ola", Action.ARRIVED)
    story.resolve("ola")
    assert story.shown("desk-3") == ["raised", "acknowledged", "en_route", "arrived", "resolved"]


def test_every_button_that_pressed_is_shown_each_with_its_last_ref() -> None:
    story = Story()
    story.press("desk-3", ref="r-1")
    story.press("desk-4", ref="r-2")
    story.press("desk-3", ref="r-3")
    before = len(story.effects)
    story.does("ola", Action.ACKNOWLEDGE)
    lights = [(e.device, e.state, e.ref) for e in story.effects[before:] if isinstance(e, Feedback)]
    assert lights == [("desk-3", "acknowledged", "r-3"), ("desk-4", "acknowledged", "r-2")]


def test_the_button_is_told_when_an_acknowledgement_lapses_or_is_taken_back() -> None:
    story = Story()
    story.press("desk-3")
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(300)
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("ola", Action.DECLINE)
    assert story.shown("desk-3") == ["raised", "acknowledged", "raised", "acknowledged", "raised"]


def test_a_lapse_that_changes_nothing_for_the_button_lights_nothing() -> None:
    story = Story()
    story.press("desk-3")
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(60)
    story.does("per", Action.ACKNOWLEDGE)
    story.wait(240)
    assert story.kinds()[-1] is EventKind.LAPSED
    assert story.shown("desk-3") == ["raised", "acknowledged"]


def test_a_cancelled_alarm_is_shown_as_cancelled() -> None:
    story = Story()
    story.press("desk-3")
    story.does("kari", Action.CANCEL, reason="bumped into it")
    assert story.shown("desk-3")[-1] == "cancelled"


def silent_life(story: Story, device: str, kind: Kind | None = None) -> list[str]:
    story.press(device, kind)
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("per", Action.EN_ROUTE)
    story.wait(300)
    story.does("per", Action.ARRIVED)
    story.does("siv", Action.ARRIVED)
    assert story.state() is State.ATTENDED
    story.resolve("siv")
    return story.shown(device)


def test_a_silent_alarm_shows_only_received_and_idle_each_once() -> None:
    assert silent_life(Story(), "under-desk-2") == [RECEIVED, IDLE]


@pytest.mark.parametrize("how", [TellPresser.DISCREETLY, TellPresser.NO])
def test_a_chain_may_want_the_presser_told_discreetly_whatever_the_kind(how: TellPresser) -> None:
    story = Story(answered_by(step(0, team("guards")), tell_presser=how, acknowledge=TWO))
    assert silent_life(story, "desk-3") == [RECEIVED, IDLE]


def test_a_duress_is_silent_also_where_its_chain_would_tell_the_presser() -> None:
    story = Story(answered_by(step(0, team("guards")), tell_presser=TellPresser.YES, acknowledge=TWO))
    assert silent_life(story, "desk-3", Kind.DURESS) == [RECEIVED, IDLE]
    assert story.alarm.silent


def test_an_alarm_that_becomes_a_duress_falls_silent() -> None:
    story = Story()
    story.press("desk-3")
    story.does("ola", Action.ACKNOWLEDGE)
    story.press("desk-3", Kind.DURESS)
    story.does("ola", Action.ARRIVED)
    assert set(story.shown("desk-3")[2:]) == {RECEIVED}


@pytest.mark.parametrize(
    ("states", "light"),
    [
        ([], "raised"),
        ([ResponderState.DECLINED], "raised"),
        ([ResponderState.DECLINED, ResponderState.ACKNOWLEDGED], "acknowledged"),
        ([ResponderState.ACKNOWLEDGED, ResponderState.EN_ROUTE], "en_route"),
        ([ResponderState.ARRIVED, ResponderState.EN_ROUTE], "arrived"),
    ],
)
def test_what_a_button_shows(states: list[ResponderState], light: str) -> None:
    story = Story()
    alarm = story.press("desk-3")
    story.does("ola", Action.ACKNOWLEDGE)
    (known,) = story.alarm.responders
    responders = tuple(replace(known, person=str(i), state=state) for i, state in enumerate(states))
    assert shown(replace(alarm, responders=responders), story.organisation) == light
