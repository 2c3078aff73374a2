"""What the one who pressed is shown, and what a silent alarm never shows."""

from dataclasses import replace

import pytest

from alarmd.alarm.effects import Feedback
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Pressed
from alarmd.alarm.model import Kind, Person, ResponderState, State
from alarmd.escalation.feedback import IDLE, RECEIVED, Held, lit, shown
from alarmd.organisation.model import TellPresser
from tests.escalation.stories import TWO
from tests.support.organisations import answered_by, seconds, step, team
from tests.support.story import Story


def test_the_button_follows_the_furthest_responder() -> None:
    story = Story()
    story.press("desk-3")
    for who, action in (("ola", Action.ACKNOWLEDGE), ("per", Action.EN_ROUTE), ("siv", Action.ACKNOWLEDGE)):
        story.does(who, action)
    story.does("ola", Action.ARRIVED)
    story.resolve("ola")
    assert story.shown("desk-3") == ["raised", "acknowledged", "en_route", "arrived", "resolved"]


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED])
def test_the_word_of_who_pressed_lights_nothing(action: Action) -> None:
    story = Story()
    story.happens(Pressed(Person("kari", "Kari Fjord", "phone"), device="desk-3"))
    story.does("kari", action)
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.shown("desk-3") == ["raised", "acknowledged"]


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


def test_a_press_on_an_attended_alarm_is_answered_and_the_button_goes_on_showing_how_far_help_is() -> None:
    story = Story()
    story.press("desk-3", ref="r-1")
    story.does("ola", Action.ARRIVED)
    before = len(story.effects)
    story.press("desk-3", ref="r-2")
    assert story.state() is State.ATTENDED
    lights = [(e.device, e.state, e.ref) for e in story.effects[before:] if isinstance(e, Feedback)]
    assert lights == [("desk-3", "arrived", "r-2")]


# Several alarms at one button.


def alarms(*kinds: str) -> list[Held]:
    """One after the other, each `raised` when the next is opened: "panic", "duress", with "over" also ended, or as a
    "drill"."""
    made: list[Held] = []
    for number, words in enumerate(kinds):
        story = Story()
        alarm = story.press("desk-3", Kind(words.split()[0]), drill="drill" in words)
        if "over" in words:
            story.does("eva", Action.CANCEL, reason="seen to")
            alarm = story.alarm
        later = alarm.opened_at + number * seconds(1)
        made.append((replace(alarm, id=f"{number} {words}", opened_at=later), story.organisation))
    return made


def light(own: int, *kinds: str) -> list[tuple[int, str]]:
    """What the button shows, one after the other: of which of these, and what, when this one has something to show."""
    made = alarms(*kinds)
    live = [held for held in reversed(made) if held[0].live and not held[0].state.ended]
    return [(made.index(held), shown(*held)) for held in lit(made[own], live)]


def test_the_newest_live_alarm_has_the_light_and_answers_for_every_other() -> None:
    assert light(1, "panic", "assist") == [(1, "raised")]
    assert light(0, "panic", "assist") == [(1, "raised")], "the newest, not the strongest"
    assert light(0, "panic over", "assist") == [(1, "raised")]
    assert light(0, "panic over", "assist over") == [(0, "cancelled")]


def test_after_the_end_of_the_newest_the_button_shows_how_the_one_before_it_stands() -> None:
    assert light(2, "panic", "assist", "panic over") == [(2, "cancelled"), (1, "raised")]
    assert light(1, "panic", "assist over", "panic") == [(2, "raised")]


def test_an_exercise_shows_nothing_where_a_live_alarm_is_open() -> None:
    assert light(1, "panic", "panic drill") == [(0, "raised")]
    assert light(1, "panic", "panic drill over") == [(0, "raised")], "its end neither"
    assert light(1, "duress", "test") == [(0, RECEIVED)]
    assert light(1, "panic over", "panic drill") == [(1, "raised")]


def test_a_silent_alarm_changes_nothing_of_what_another_shows() -> None:
    assert light(1, "panic", "duress") == [(0, "raised")], "its press is answered by the other"
    assert light(1, "panic", "duress over") == [(0, "raised")]
    assert light(0, "panic", "duress") == [(0, "raised")]
    assert light(0, "duress", "panic") == [(1, "raised")]
    assert light(0, "panic over", "duress") == [(0, "cancelled")], "and nothing comes after it"
    assert light(1, "duress", "panic over") == [(1, "cancelled")]


def test_of_several_silent_alarms_the_end_of_one_shows_nothing_while_another_goes_on() -> None:
    assert light(1, "duress", "duress over") == [(0, RECEIVED)]
    assert light(0, "duress over", "duress") == [(1, RECEIVED)]
    assert light(0, "duress over", "duress over") == [(0, IDLE)]


def test_an_alarm_that_its_presser_has_cancelled_by_pin_holds_no_light() -> None:
    story = Story()
    story.press("desk-3")
    story.pin("kari")
    assert [shown(*held) for held in lit((story.alarm, story.organisation), [])] == ["cancelled"]
    newer = alarms("test", "panic")[1]
    assert lit((story.alarm, story.organisation), [newer]) == (newer,)
    older = (replace(newer[0], opened_at=story.alarm.opened_at - seconds(1)), newer[1])
    assert [shown(*held) for held in lit((story.alarm, story.organisation), [older])] == ["cancelled", "raised"]
