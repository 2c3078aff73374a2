"""The chain's clock: which step when, told as stories. Seconds are counted from the press."""

from datetime import timedelta

import pytest

from alarmd.alarm.effects import ReportFault
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, DeadlinePassed, Pressed
from alarmd.alarm.model import Kind, NextStep, Person, State
from alarmd.organisation.model import Acknowledge, Repeat, Target, TargetKind
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story

GUARDS = ["ola", "per", "siv"]


def one(name: str) -> Target:
    return Target(TargetKind.PERSON, name)


def pressed_at_reception(by: Person) -> Pressed:
    return Pressed(by, zone="fjordvik/reception")


def faults(story: Story) -> list[str]:
    return [e.cause for e in story.effects if isinstance(e, ReportFault)]


def tells_of_one_after_another(**more: object) -> Story:
    """Ola at once, Per after 20 s, Siv after 60 s; every message arrives."""
    chain = (step(0, one("ola")), step(20, one("per")), step(60, one("siv")))
    return Story(answered_by(*chain, **more), arrives=True)  # type: ignore[arg-type]  # keywords of answered_by


# When steps are done.


def test_each_step_is_done_at_its_delay_since_the_alarm_began() -> None:
    story = tells_of_one_after_another()
    story.press()
    assert story.steps() == [(0, 1, ["ola"])]
    story.wait(19.999)
    assert len(story.steps()) == 1
    story.wait(0.001)
    assert story.steps()[1:] == [(20, 2, ["per"])]
    story.wait(40)
    assert story.steps()[2:] == [(60, 3, ["siv"])]


def test_a_first_step_may_wait_too() -> None:
    story = Story(answered_by(step(5, team("guards"))), arrives=True)
    story.press()
    assert story.steps() == []
    story.wait(5)
    assert story.steps() == [(5, 1, GUARDS)]


def test_a_round_keeps_the_steps_distances_and_begins_every_after_the_last_step() -> None:
    story = tells_of_one_after_another(repeat=Repeat(2, seconds(30)))
    story.press()
    story.wait(200)
    assert story.steps() == [
        (0, 1, ["ola"]),
        (20, 2, ["per"]),
        (60, 3, ["siv"]),
        (90, 2, ["per"]),
        (130, 3, ["siv"]),
        (160, 2, ["per"]),
        (200, 3, ["siv"]),
    ]
    rounds = [e.data["round"] for e in story.events[story.last] if e.kind is EventKind.STEP_DUE]
    reasons = [e.data["reason"] for e in story.events[story.last] if e.kind is EventKind.STEP_DUE]
    assert rounds == [1, 1, 1, 2, 2, 3, 3]
    assert reasons == ["step_is_due"] * 3 + ["new_round"] * 4


def test_a_chain_without_repeat_repeats_its_last_step_every_minute_and_says_so_once() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.wait(60)
    assert faults(story) == ["exhausted:only"]
    story.wait(120)
    assert story.steps()[2:] == [(60, 3, ["siv"]), (120, 3, ["siv"]), (180, 3, ["siv"])]
    assert story.events[story.last][-2].data["reason"] != "step_is_due"
    reasons = [e.data["reason"] for e in story.events[story.last] if e.kind is EventKind.STEP_DUE]
    assert reasons[3:] == ["last_step_again"] * 2
    assert faults(story) == ["exhausted:only"]


def test_a_technical_alarm_never_raises_another() -> None:
    story = Story(answered_by(step(0, team("nobody")), step(10, one("eva"))), arrives=True)
    story.fault("provider")
    story.wait(300)
    assert story.alarm.kind is Kind.TECHNICAL
    assert faults(story) == []


# Steps that reach nobody.


def test_else_is_used_when_the_first_targets_reach_nobody() -> None:
    story = Story(answered_by(step(0, team("nobody"), otherwise=(role("manager"),))))
    story.press()
    assert story.steps() == [(0, 1, ["eva"])]
    assert "nobody:only:1" not in faults(story)


def test_else_is_not_used_when_somebody_is_reached() -> None:
    story = Story(answered_by(step(0, one("ola"), otherwise=(role("manager"),))))
    story.press()
    assert story.steps() == [(0, 1, ["ola"])]


def test_a_step_that_reaches_nobody_is_passed_at_once_and_the_later_ones_move_up_by_the_same() -> None:
    chain = (step(0, one("ola")), step(20, team("nobody")), step(60, one("per")), step(100, one("siv")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(500))), arrives=True)
    story.press()
    story.wait(200)
    assert story.steps() == [(0, 1, ["ola"]), (20, 2, []), (20, 3, ["per"]), (60, 4, ["siv"])]
    passed = next(e for e in story.events[story.last] if e.kind is EventKind.ESCALATED)
    assert passed.data["reason"] == "nobody_reached"
    assert passed.data["next"] == {"at": "2027-03-01T09:00:20.000Z", "step": 3, "round": 1}
    assert faults(story) == ["nobody:only:2"]


def test_a_step_passed_late_does_not_push_the_later_ones_back() -> None:
    chain = (step(0, one("ola")), step(20, team("nobody")), step(60, one("per")), step(120, one("siv")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(500))), arrives=True)
    story.press()
    story.now += seconds(50)  # the daemon is away
    story.wait(200)
    assert story.steps()[1:] == [(50, 2, []), (50, 3, ["per"]), (80, 4, ["siv"])]


def test_a_last_step_that_reaches_nobody_leads_to_the_next_round_in_its_time() -> None:
    story = Story(answered_by(step(0, one("ola")), step(20, team("nobody")), repeat=Repeat(1, seconds(30))))
    story.arrives = True
    story.press()
    story.wait(60)
    assert story.steps() == [(0, 1, ["ola"]), (20, 2, []), (50, 1, ["ola"])]


def test_a_chain_that_reaches_nobody_at_all_goes_on_trying() -> None:
    story = Story(answered_by(step(0, team("nobody")), repeat=Repeat(1, seconds(30))))
    story.press()
    story.wait(60)
    assert story.steps() == [(0, 1, []), (30, 1, []), (60, 1, [])]
    assert story.due[story.last] is not None


def test_a_step_whose_people_are_all_on_their_way_is_passed_and_is_no_fault() -> None:
    chain = (step(0, one("ola")), step(20, one("ola")), step(60, one("siv")))
    story = Story(answered_by(*chain, acknowledge=Acknowledge(needed=2)), arrives=True)
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(30)
    assert story.steps()[1:] == [(20, 2, []), (20, 3, ["siv"])]
    assert "nobody:only:2" not in faults(story)


# Who is told.


def test_one_who_is_meant_twice_by_a_step_is_told_once() -> None:
    story = Story(answered_by(step(0, one("per"), team("guards"), role("guard"))))
    story.press()
    assert story.steps() == [(0, 1, ["per", "ola", "siv"])]
    assert sorted(story.told("sms")) == GUARDS


def test_one_who_is_coming_is_not_told_again_by_later_steps() -> None:
    chain = (step(0, team("guards")), step(20, team("guards")))
    story = Story(answered_by(*chain, acknowledge=Acknowledge(needed=2)), arrives=True)
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.wait(20)
    assert story.steps()[1:] == [(20, 2, ["ola", "siv"])]


def test_one_who_declined_is_asked_again_only_when_nobody_else_is_left() -> None:
    story = Story(answered_by(step(0, team("guards")), repeat=Repeat(1, seconds(30))), arrives=True)
    story.press()
    story.does("per", Action.DECLINE)
    story.wait(30)
    assert story.steps()[1:] == [(30, 1, ["ola", "siv"])]
    story.does("ola", Action.DECLINE)
    story.does("siv", Action.DECLINE)
    story.wait(30)
    assert story.steps()[2:] == [(60, 1, GUARDS)], "when all decline it still goes on"


def test_the_presser_is_never_asked_to_save_himself() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, one("per"), otherwise=(role("manager"),))))
    story.arrives = True
    from_phone = Person("per", "Per Lie", "phone")
    story.happens(pressed_at_reception(from_phone))
    story.wait(20)
    assert story.steps() == [(0, 1, ["ola", "siv"]), (20, 2, ["eva"])]


def test_a_responder_who_presses_himself_is_not_called_by_his_other_contact() -> None:
    story = Story(answered_by(step(0, team("guards"))))
    story.press()
    story.happens(pressed_at_reception(Person("siv", "Siv", "phone")))
    assert story.kinds()[-1] is EventKind.JOINED
    story.wait(3)
    assert story.told("voice") == ["ola", "per"]


def test_a_drill_never_tells_externals() -> None:
    chain = (step(0, one("ola"), Target(TargetKind.EXTERNAL, "arc"), by=()),)
    live, drill = Story(answered_by(*chain)), Story(answered_by(*chain))
    live.press()
    drill.press(drill=True)
    assert live.steps() == [(0, 1, ["ola", "arc"])]
    assert live.told("dc09") == ["arc"]
    assert drill.steps() == [(0, 1, ["ola"])]


# The clock stands while enough are coming, and goes on when they are not.


def test_while_enough_are_coming_the_clock_stands() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.wait(5)
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.alarm.next == NextStep(2, 1, None)
    story.wait(299)
    assert story.steps() == [(0, 1, ["ola"])]


def test_a_lapse_does_the_next_undone_step_at_once_and_keeps_the_distances_after_it() -> None:
    story = tells_of_one_after_another(repeat=Repeat(1, seconds(600)))
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
    story = tells_of_one_after_another(acknowledge=Acknowledge(arrive_within=timedelta(seconds=90)))
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
    story = tells_of_one_after_another()
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


def test_a_clock_that_runs_is_not_disturbed_by_a_lapse() -> None:
    rule = Acknowledge(needed=2, arrive_within=seconds(30))
    story = tells_of_one_after_another(acknowledge=rule)
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(60)
    assert story.steps() == [(0, 1, ["ola"]), (20, 2, ["per"]), (60, 3, ["siv"])]


def test_one_who_has_arrived_does_not_lapse() -> None:
    story = tells_of_one_after_another(acknowledge=Acknowledge(needed=2))
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("per", Action.ACKNOWLEDGE)
    story.wait(300)
    assert [r.person for r in story.alarm.responders] == ["ola"]
    assert story.state() is State.ACKNOWLEDGED


# More people now.


def test_a_call_for_more_does_the_next_step_at_once_and_the_later_ones_keep_their_distances() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.wait(5)
    story.does("eva", Action.ESCALATE)
    story.wait(40)
    assert story.steps() == [(0, 1, ["ola"]), (5, 2, ["per"]), (45, 3, ["siv"])]


def test_a_call_for_more_while_the_clock_stands_advances_the_step_and_leaves_it_standing() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(5)
    story.does("ola", Action.ESCALATE)
    assert story.steps()[1:] == [(5, 2, ["per"])]
    assert story.alarm.next == NextStep(3, 1, None)
    asked = [e.data["reason"] for e in story.events[story.last] if e.kind in (EventKind.ESCALATED, EventKind.STEP_DUE)]
    assert asked == ["step_is_due", "asked_for_more", "asked_for_more"]


def test_a_call_for_more_where_enough_have_arrived_still_tells_the_next() -> None:
    story = tells_of_one_after_another()
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


def test_a_call_for_more_that_nobody_is_left_for_ends_with_the_round() -> None:
    story = Story(answered_by(step(0, one("ola")), step(20, team("nobody")), repeat=Repeat(1, seconds(60))))
    story.arrives = True
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.does("per", Action.ESCALATE)
    assert story.steps()[1:] == [(0, 2, [])]
    assert story.alarm.next == NextStep(1, 2, None)


# The daemon was away, the clock was wrong.


def test_after_a_downtime_each_overdue_step_of_the_round_is_done_once_and_rounds_do_not_pile_up() -> None:
    story = tells_of_one_after_another(repeat=Repeat(1, seconds(30)))
    story.press()
    story.now += timedelta(hours=1)
    story.wait(0)
    assert story.steps()[1:] == [(3600, 2, ["per"]), (3600, 3, ["siv"])]
    story.wait(60)
    assert story.steps()[3:] == [(3630, 1, ["ola"]), (3650, 2, ["per"])]


def test_after_a_downtime_the_last_step_of_a_chain_without_repeat_does_not_pile_up_either() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.wait(60)
    story.now += timedelta(hours=1)
    story.wait(60)
    assert story.steps()[3:] == [(3660, 3, ["siv"]), (3720, 3, ["siv"])]


def test_a_late_step_does_not_push_the_later_ones_back() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.now += seconds(50)
    story.wait(10)
    assert story.steps()[1:] == [(50, 2, ["per"]), (60, 3, ["siv"])]


def test_a_clock_put_back_loses_no_deadline() -> None:
    story = tells_of_one_after_another()
    story.press()
    due = story.due[story.last]
    story.now -= timedelta(hours=1)
    story.happens(DeadlinePassed(story.last))
    assert story.due[story.last] == due
    story.wait(3620)
    assert story.steps() == [(0, 1, ["ola"]), (20, 2, ["per"])]


def test_what_is_answered_while_the_clock_is_wrong_keeps_a_deadline_too() -> None:
    story = tells_of_one_after_another()
    story.press()
    story.now -= timedelta(hours=1)
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.due[story.last] == story.now + timedelta(minutes=5)
    story.wait(300)
    assert story.state() is State.RAISED
    assert story.told("sms")[-1] == "per"


def test_a_deadline_that_comes_early_changes_nothing() -> None:
    story = tells_of_one_after_another()
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
