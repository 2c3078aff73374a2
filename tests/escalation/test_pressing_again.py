"""Somebody presses once more while others are on their way: the chain's clock goes on from that press until one of them
says again that he is coming. Seconds are counted from the first press."""

from typing import Any

import pytest

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, NeedsHelp
from alarmd.alarm.model import NextStep, Person, State
from alarmd.escalation.preview import upcoming
from alarmd.escalation.receipts import still_wanted
from alarmd.organisation.model import Acknowledge, Repeat
from tests.escalation.stories import GUARDS, TWO, one, one_after_another
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story


def pressed_again(**more: object) -> Story:
    """Ola is coming since 5 s, and at 30 s the button is pressed once more: Per's turn is 20 s after Ola's."""
    story = one_after_another(**more)
    story.press()
    story.wait(5)
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(25)
    story.press()
    return story


def newest(story: Story) -> dict[str, Any]:
    return dict(story.events[story.last][-1].data)


def test_the_next_step_is_due_at_its_distance_from_the_one_before_counted_from_that_press() -> None:
    story = pressed_again()
    assert story.alarm.next == NextStep(2, 1, story.now + seconds(20))
    assert newest(story)["next"] == {"at": "2027-03-01T09:00:50.000Z", "step": 2, "round": 1}
    assert newest(story)["reason"] == "pressed_again"
    story.wait(60)
    assert story.steps() == [(0, 1, ["ola"]), (50, 2, ["per"]), (90, 3, ["siv"])]


def test_the_press_itself_tells_nobody_lowers_no_state_and_makes_no_promise_longer() -> None:
    story = pressed_again()
    assert story.told("sms") == ["ola"]
    assert story.state() is State.ACKNOWLEDGED
    assert newest(story)["sounds"] is True
    (ola,) = story.alarm.responders
    assert ola.arrive_by == story.alarm.opened_at + seconds(305)


def test_whoever_is_told_then_really_is_told() -> None:
    story = pressed_again()
    story.arrives = False
    story.wait(20)
    (text,) = [e for e in story.effects if isinstance(e, Tell) and e.person == "per"]
    assert still_wanted(story.alarm, text)
    story.wait(3)
    assert story.told("voice") == ["per"], "and by his other contact"


def test_another_press_while_the_clock_runs_does_not_put_it_off() -> None:
    story = pressed_again()
    story.wait(10)
    story.press("desk-4")
    assert story.alarm.next == NextStep(2, 1, story.now + seconds(10))
    assert newest(story)["reason"] is None


@pytest.mark.parametrize(
    ("person", "action", "kind"),
    [
        ("siv", Action.ACKNOWLEDGE, EventKind.ACKNOWLEDGED),
        ("ola", Action.ACKNOWLEDGE, EventKind.ACKNOWLEDGED),
        ("ola", Action.EN_ROUTE, EventKind.EN_ROUTE),
    ],
)
def test_the_word_of_one_who_counts_makes_it_stand_again(person: str, action: Action, kind: EventKind) -> None:
    story = pressed_again()
    decision = story.does(person, action)
    assert [e.kind for e in decision.events] == [kind]
    assert story.alarm.next == NextStep(2, 1, None)
    story.wait(270)
    assert story.told("sms") == ["ola"]


@pytest.mark.parametrize("said", [Action.EN_ROUTE, Action.ARRIVED])
@pytest.mark.parametrize("again", [Action.ACKNOWLEDGE, Action.EN_ROUTE])
def test_one_who_is_further_than_what_he_says_again_stays_so(said: Action, again: Action) -> None:
    story = one_after_another(acknowledge=TWO)
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.does("ola", said)
    before = story.alarm.responder("ola")
    story.wait(30)
    story.press()
    assert story.alarm.asks
    story.does("ola", again)
    assert newest(story)["person"] == "ola"
    after = story.alarm.responder("ola")
    assert before is not None
    assert after is not None
    assert (after.state, after.arrive_by) == (before.state, before.arrive_by)
    assert not story.alarm.asks


def test_saying_once_more_what_is_known_is_logged_only_where_it_changes_the_clock() -> None:
    story = pressed_again()
    assert story.does("ola", Action.ACKNOWLEDGE).events
    assert not story.does("ola", Action.ACKNOWLEDGE).events


@pytest.mark.parametrize("again", [Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED])
def test_the_word_of_one_who_does_not_count_leaves_it_running(again: Action) -> None:
    story = pressed_again(acknowledge=Acknowledge(frozenset({"guard"})))
    story.does("kari", again)
    assert story.alarm.asks
    story.does("kari", again)
    assert story.kinds()[-1] is not EventKind.JOINED
    assert story.alarm.asks
    story.wait(20)
    assert story.steps()[1:] == [(50, 2, ["per"])]


def test_while_too_few_are_coming_one_word_more_of_the_same_person_is_nothing_new() -> None:
    story = one_after_another(acknowledge=TWO)
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(10)
    story.press()
    assert story.alarm.next == NextStep(2, 1, story.alarm.opened_at + seconds(20)), "it runs, and goes on as it was"
    assert not story.does("ola", Action.ACKNOWLEDGE).events


def test_one_who_cannot_after_all_does_the_next_step_at_once_though_the_clock_runs() -> None:
    story = pressed_again()
    story.does("ola", Action.DECLINE)
    assert story.state() is State.RAISED
    story.wait(60)
    assert story.steps()[1:] == [(30, 2, ["per"]), (70, 3, ["siv"])]


def test_the_promise_of_one_who_is_coming_lapses_in_its_time_and_pressing_again_delays_no_help() -> None:
    chain = (step(0, one("ola")), step(600, one("per")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(600))), arrives=True)
    story.press()
    story.wait(10)
    story.does("ola", Action.EN_ROUTE)
    story.wait(290)
    story.press()
    assert story.alarm.next == NextStep(2, 1, story.now + seconds(600))
    story.wait(10)
    assert EventKind.LAPSED in story.kinds()
    assert story.state() is State.RAISED
    assert story.steps()[1:] == [(310, 2, ["per"])]
    story.wait(600)
    assert story.steps()[2:] == [(910, 1, ["ola"])]


def test_in_a_new_round_it_is_what_lies_between_two_rounds() -> None:
    story = one_after_another(repeat=Repeat(2, seconds(45)))
    story.press()
    story.wait(70)
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(30)
    story.press()
    assert story.alarm.next == NextStep(2, 2, story.now + seconds(45))


def test_without_rounds_the_last_step_comes_again_after_a_minute() -> None:
    story = one_after_another()
    story.press()
    story.wait(70)
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(30)
    story.press()
    assert story.alarm.next == NextStep(3, 2, story.now + seconds(60))


def test_a_first_step_that_was_not_done_yet_gets_its_own_delay() -> None:
    story = Story(answered_by(step(5, team("guards")), step(20, role("manager"))), arrives=True)
    story.press()
    story.does("kari", Action.ACKNOWLEDGE)
    story.wait(30)
    story.press()
    story.wait(20)
    assert story.steps() == [(35, 1, GUARDS), (50, 2, ["eva"])]


def test_a_press_within_settle_of_the_last_is_the_same_movement_of_the_hand() -> None:
    story = one_after_another()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(1)
    story.press()
    assert newest(story)["sounds"] is False
    assert not story.alarm.asks
    story.wait(0.001)
    story.press("desk-4")
    assert story.alarm.asks


@pytest.mark.parametrize("later", [30, 86400])
def test_an_attended_alarm_stays_so_and_its_clock_goes_on_from_the_press(later: float) -> None:
    """Those who came may have left long ago, and never said so."""
    story = one_after_another()
    story.press()
    story.does("ola", Action.ARRIVED)
    story.wait(later)
    assert story.due[story.last] is None
    story.press()
    assert (newest(story)["sounds"], newest(story)["reason"]) == (True, "pressed_again")
    assert story.state() is State.ATTENDED
    assert story.alarm.next == NextStep(2, 1, story.now + seconds(20))
    assert story.due[story.last] == story.now + seconds(20)
    story.wait(60)
    assert story.steps()[1:] == [(later + 20, 2, ["per"]), (later + 60, 3, ["siv"])]
    assert story.state() is State.ATTENDED


@pytest.mark.parametrize(
    ("person", "action"),
    [("ola", Action.ARRIVED), ("ola", Action.ACKNOWLEDGE), ("per", Action.ARRIVED)],
)
def test_of_an_attended_alarm_too_the_word_of_one_who_counts_makes_it_stand_again(person: str, action: Action) -> None:
    story = one_after_another()
    story.press()
    story.does("ola", Action.ARRIVED)
    story.wait(30)
    story.press()
    assert story.does(person, action).events
    assert story.state() is State.ATTENDED
    assert story.alarm.next == NextStep(2, 1, None)
    assert story.due[story.last] is None
    story.wait(600)
    assert story.told("sms") == ["ola"]


def attended_and_pressed_again() -> Story:
    """Ola is there, and has perhaps left: half a minute later somebody presses again. A word holds for a minute."""
    story = one_after_another(acknowledge=Acknowledge(arrive_within=seconds(60)))
    story.press()
    story.does("ola", Action.ARRIVED)
    story.wait(30)
    story.press()
    story.does("per", Action.EN_ROUTE)
    assert story.alarm.next == NextStep(2, 1, None)
    return story


def test_whose_word_alone_answers_a_second_press_must_arrive() -> None:
    story = attended_and_pressed_again()
    assert story.due[story.last] == story.now + seconds(60)
    story.wait(60)
    assert story.steps()[1:] == [(90, 2, ["per"])]
    assert story.state() is State.ATTENDED


def test_when_he_who_answered_a_second_press_cannot_come_after_all_the_chain_goes_on() -> None:
    story = attended_and_pressed_again()
    story.does("per", Action.DECLINE)
    assert story.steps()[1:] == [(30, 2, []), (30, 3, ["siv"])], "only Per was meant by the second"


def test_while_another_has_answered_the_second_press_too_it_stands() -> None:
    story = attended_and_pressed_again()
    story.does("siv", Action.ARRIVED)
    story.does("per", Action.DECLINE)
    assert story.alarm.next == NextStep(2, 1, None)
    story.does("siv", Action.DECLINE)
    assert story.alarm.next is not None
    assert story.alarm.next.at is not None, "Ola's word is older than the press"


def test_a_silent_press_of_one_who_is_there_answers_no_second_press() -> None:
    story = attended_and_pressed_again()
    alarm = story.last
    story.happens(NeedsHelp(alarm, Person("ola", "Ola", "phone"), silent=True))
    story.does("per", Action.DECLINE)
    assert story.alarm.next is not None
    assert story.alarm.next.at is not None


def test_who_was_there_before_the_second_press_and_leaves_is_not_what_it_waits_for() -> None:
    story = one_after_another()
    story.press()
    for person in ("ola", "siv"):
        story.does(person, Action.ARRIVED)
    story.wait(30)
    story.press()
    story.does("ola", Action.DECLINE)
    assert story.alarm.next == NextStep(2, 1, story.now + seconds(20))


def test_what_the_first_word_made_pointless_stays_so() -> None:
    """Else the press would ring those who were told before, at once and all together."""
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))))
    story.press()
    texts = [e for e in story.effects if isinstance(e, Tell)]
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(30)
    story.press()
    assert not any(still_wanted(story.alarm, text) for text in texts)
    story.wait(19.999)
    assert story.told("voice") == []
    story.does("per", Action.DECLINE)
    story.wait(3.001)
    assert story.told("sms")[3:] == ["eva"]
    assert story.told("voice") == ["eva"]


def test_those_whom_somebody_has_asked_for_meanwhile_are_still_wanted() -> None:
    story = Story(answered_by(step(0, one("ola")), step(20, one("per")), step(60, one("siv"))))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(10)
    story.does("ola", Action.ESCALATE)
    story.press("desk-4")
    (text,) = [e for e in story.effects if isinstance(e, Tell) and e.person == "per"]
    assert still_wanted(story.alarm, text)
    story.wait(3)
    assert story.told("voice") == ["per"]
    assert story.alarm.next == NextStep(3, 1, story.now + seconds(37))


def test_the_steps_to_come_are_shown_with_their_new_times() -> None:
    story = pressed_again()
    assert [(s.step, s.after.total_seconds()) for s in upcoming(story.alarm, story.organisation)] == [(2, 50), (3, 90)]
    story.does("ola", Action.ACKNOWLEDGE)
    assert upcoming(story.alarm, story.organisation) == ()
