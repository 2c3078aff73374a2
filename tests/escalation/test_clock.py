"""The chain's clock stands and goes on: answers, lapses, calls for more, downtime and wrong clocks, as stories."""

from datetime import timedelta

import pytest

from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, DeadlinePassed
from alarmd.alarm.model import NextStep, State
from alarmd.organisation.model import Acknowledge, Repeat
from tests.escalation.stories import one, one_after_another
from tests.support.organisations import answered_by, seconds, step, team
from tests.support.story import Story

# The clock stands while enough are coming, and goes on when they are not.


def test_while_enough_are_coming_the_clock_stands() -> None:
    story = one_after_another()
    story.press()
    story.wait(5)
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.alarm.next == NextStep(2, 1, None)
    story.wait(299)
    assert story.steps() == [(0, 1, ["ola"])]


def test_a_lapse_does_the_next_undone_step_at_once_and_keeps_the_distances_after_it() -> None:
    story = one_after_another(repeat=Repeat(1, seconds(600)))
    story.press()
    story.wait(5)
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(299.999)
    assert story.state() is State.ACKNOWLEDGED
    story.wait(0.001)
    assert story.state() is State.RAISED
    story.wait(60)
    assert story.steps() == [(0, 1, ["ola"]), (305, 2, ["per"]), (345, 3, ["siv"])]
    lapsed = next(e for e in story.events[story.last] if e.kind is EventKind.LAPSED)
    assert lapsed.data == {
        "people": ["ola"],
        "reason": "not_arrived",
        "next": {"at": "2027-03-01T09:05:05.000Z", "step": 2, "round": 1},
    }


def test_an_acknowledgement_lapses_after_what_the_chain_says() -> None:
    story = one_after_another(acknowledge=Acknowledge(arrive_within=timedelta(seconds=90)))
    story.press()
    story.does("ola", Action.EN_ROUTE)
    story.wait(89.999)
    assert story.state() is State.ACKNOWLEDGED
    story.wait(0.001)
    assert story.steps()[1:] == [(90, 2, ["per"])]
    assert story.alarm.responders == ()


def test_after_a_lapse_he_is_asked_again_and_his_next_word_gets_a_time_of_its_own() -> None:
    story = Story(answered_by(step(0, one("ola")), repeat=Repeat(1, seconds(30))), arrives=True)
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(300)
    assert story.steps()[1:] == [(300, 1, ["ola"])]
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(299)
    assert story.state() is State.ACKNOWLEDGED
    story.wait(1)
    assert story.state() is State.RAISED


def test_when_one_of_enough_lapses_the_clock_goes_on_only_if_too_few_are_left() -> None:
    story = one_after_another()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(100)
    story.does("per", Action.ACKNOWLEDGE)
    story.wait(200)
    assert story.kinds()[-1] is EventKind.LAPSED
    assert story.state() is State.ACKNOWLEDGED
    assert [r.person for r in story.alarm.responders] == ["per"]
    assert story.steps() == [(0, 1, ["ola"])]
    story.wait(100)
    assert story.steps()[1:] == [(400, 2, ["per"])]


@pytest.mark.parametrize("holds", [30, 300])
def test_where_too_few_come_one_less_does_the_next_step_at_once_though_the_clock_ran(holds: int) -> None:
    story = one_after_another(acknowledge=Acknowledge(needed=2, arrive_within=seconds(holds)))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(30)
    if holds > 30:
        story.does("ola", Action.DECLINE)
    assert story.state() is State.RAISED
    assert story.steps() == [(0, 1, ["ola"]), (20, 2, ["per"]), (30, 3, ["siv"])]
    story.wait(60)
    assert story.steps()[3:] == [(90, 3, ["siv"])], "and what comes after it keeps its distance"


@pytest.mark.parametrize("who", ["per", "kari"])
def test_one_who_declines_and_was_not_counted_on_hurries_nothing(who: str) -> None:
    story = one_after_another(acknowledge=Acknowledge(frozenset({"guard"}), needed=2))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("kari", Action.ACKNOWLEDGE)
    story.wait(5)
    story.does(who, Action.DECLINE)
    assert story.alarm.next == NextStep(2, 1, story.alarm.opened_at + seconds(20))


def test_a_lapse_puts_off_no_step_that_was_due_already() -> None:
    story = one_after_another(acknowledge=Acknowledge(needed=2, arrive_within=seconds(30)))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.now += seconds(50)
    story.wait(10)
    assert story.steps() == [(0, 1, ["ola"]), (50, 2, ["per"]), (60, 3, ["siv"])]


def test_one_who_has_arrived_does_not_lapse() -> None:
    story = one_after_another(acknowledge=Acknowledge(needed=2))
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("per", Action.ACKNOWLEDGE)
    story.wait(300)
    assert [r.person for r in story.alarm.responders] == ["ola"]
    assert story.state() is State.ACKNOWLEDGED


# More people now.


def test_a_call_for_more_does_the_next_step_at_once_and_the_later_ones_keep_their_distances() -> None:
    story = one_after_another()
    story.press()
    story.wait(5)
    story.does("eva", Action.ESCALATE)
    story.wait(40)
    assert story.steps() == [(0, 1, ["ola"]), (5, 2, ["per"]), (45, 3, ["siv"])]


def test_a_call_for_more_while_the_clock_stands_advances_the_step_and_leaves_it_standing() -> None:
    story = one_after_another()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(5)
    story.does("ola", Action.ESCALATE)
    assert story.steps()[1:] == [(5, 2, ["per"])]
    assert story.alarm.next == NextStep(3, 1, None)
    asked = [e.data["reason"] for e in story.events[story.last] if e.kind in (EventKind.ESCALATED, EventKind.STEP_DUE)]
    assert asked == ["step_is_due", "asked_for_more", "asked_for_more"]


def test_a_call_for_more_where_enough_have_arrived_still_tells_the_next() -> None:
    story = one_after_another()
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("ola", Action.ESCALATE)
    assert story.state() is State.ATTENDED
    assert story.steps()[1:] == [(0, 2, ["per"])]


def test_a_call_for_more_goes_on_to_the_step_that_reaches_somebody() -> None:
    chain = (step(0, one("ola")), step(20, team("nobody")), step(60, one("per")))
    story = Story(answered_by(*chain), arrives=True)
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("ola", Action.ESCALATE)
    assert story.steps()[1:] == [(0, 2, []), (0, 3, ["per"])]


def test_a_call_for_more_goes_on_into_the_next_round_where_the_rest_of_this_one_reaches_nobody() -> None:
    story = Story(answered_by(step(0, one("ola")), step(20, team("nobody")), repeat=Repeat(1, seconds(60))))
    story.arrives = True
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.does("per", Action.ESCALATE)
    assert story.steps()[1:] == [(0, 2, []), (0, 1, ["ola"])]
    assert story.alarm.next == NextStep(2, 2, None)


def test_a_call_for_more_that_nobody_is_left_for_tries_each_step_once() -> None:
    chain = (step(0, one("ola")), step(20, team("nobody")), step(30, team("nobody")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(60))), arrives=True)
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("per", Action.ESCALATE)
    assert story.steps()[1:] == [(0, 2, []), (0, 3, []), (0, 1, [])]
    assert story.alarm.next == NextStep(2, 2, None)


# The daemon was away, the clock was wrong.


def test_after_a_downtime_each_overdue_step_of_the_round_is_done_once_and_rounds_do_not_pile_up() -> None:
    story = one_after_another(repeat=Repeat(1, seconds(30)))
    story.press()
    story.now += timedelta(hours=1)
    story.wait(0)
    assert story.steps()[1:] == [(3600, 2, ["per"]), (3600, 3, ["siv"])]
    story.wait(60)
    assert story.steps()[3:] == [(3630, 1, ["ola"]), (3650, 2, ["per"])]


def test_after_a_downtime_the_last_step_of_a_chain_without_repeat_does_not_pile_up_either() -> None:
    story = one_after_another()
    story.press()
    story.wait(60)
    story.now += timedelta(hours=1)
    story.wait(60)
    assert story.steps()[3:] == [(3660, 3, ["siv"]), (3720, 3, ["siv"])]


def test_a_late_step_does_not_push_the_later_ones_back() -> None:
    story = one_after_another()
    story.press()
    story.now += seconds(50)
    story.wait(10)
    assert story.steps()[1:] == [(50, 2, ["per"]), (60, 3, ["siv"])]


def test_a_clock_put_back_loses_no_deadline() -> None:
    story = one_after_another()
    story.press()
    due = story.due[story.last]
    story.now -= timedelta(hours=1)
    story.happens(DeadlinePassed(story.last))
    assert story.due[story.last] == due
    story.wait(3620)
    assert story.steps() == [(0, 1, ["ola"]), (20, 2, ["per"])]


def test_what_is_answered_while_the_clock_is_wrong_keeps_a_deadline_too() -> None:
    story = one_after_another()
    story.press()
    story.now -= timedelta(hours=1)
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.due[story.last] == story.now + timedelta(minutes=5)
    story.wait(300)
    assert story.state() is State.RAISED
    assert story.told("sms")[-1] == "per"


def test_a_deadline_that_comes_early_changes_nothing() -> None:
    story = one_after_another()
    before = story.press()
    story.now += seconds(19)
    assert story.happens(DeadlinePassed(story.last)) == before


@pytest.mark.parametrize("ending", [Action.ARRIVED, Action.RESOLVE, Action.CANCEL])
def test_a_deadline_that_comes_too_late_changes_nothing(ending: Action) -> None:
    story = Story()
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.does("ola", ending, reason="seen to")
    story.now += timedelta(hours=1)
    before, told = story.alarm, len(story.effects)
    assert story.happens(DeadlinePassed(story.last)) == before
    assert len(story.effects) == told
    assert story.due[story.last] is None
