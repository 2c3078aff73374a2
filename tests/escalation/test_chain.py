"""The chain's clock: which step when, told as stories. Seconds are counted from the press."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Pressed
from alarmd.alarm.model import Kind, Person
from alarmd.organisation.model import (
    Absence,
    Acknowledge,
    Repeat,
    Rotation,
    Schedule,
    Target,
    TargetKind,
    Window,
)
from tests.escalation.stories import GUARDS, faults, one, one_after_another, pressed_at_reception
from tests.support.organisations import answered_by, office, person, role, seconds, step, team
from tests.support.story import Story

# When steps are done.


def test_each_step_is_done_at_its_delay_since_the_alarm_began() -> None:
    story = one_after_another()
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
    story = one_after_another(repeat=Repeat(2, seconds(30)))
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
    story = one_after_another()
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


def test_whose_fault_it_is_is_asked_of_the_step_that_is_passed() -> None:
    chain = (step(0, one("ola")), step(20, team("nobody")), step(40, one("per")), step(60, one("siv")))
    story = Story(answered_by(*chain, acknowledge=Acknowledge(needed=3)), arrives=True)
    story.press()
    for each in ("ola", "per"):
        story.does(each, Action.ACKNOWLEDGE)
    story.wait(30)
    assert story.steps()[1:] == [(20, 2, []), (20, 3, []), (20, 4, ["siv"])]
    assert [cause for cause in faults(story) if cause.startswith("nobody")] == ["nobody:only:2"]


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


def test_one_who_says_that_he_cannot_is_not_asked_again_with_that_very_word() -> None:
    story = Story(answered_by(step(0, one("ola")), step(60, one("ola"), otherwise=(one("per"),)), step(90, one("ola"))))
    story.press()
    for _ in range(3):
        story.does("ola", Action.EN_ROUTE, "sms")
        story.does("ola", Action.DECLINE, "sms")
    assert story.steps() == [(0, 1, ["ola"]), (0, 2, ["per"]), (0, 3, []), (0, 3, [])]
    assert faults(story) == ["exhausted:only"]
    story.wait(60)
    assert story.steps()[4:] == [(60, 3, ["ola"])], "a later step may ask him"


def test_one_who_declined_gives_way_to_the_else() -> None:
    chain = (step(0, one("ola"), otherwise=(role("manager"),)),)
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(30))), arrives=True)
    story.press()
    story.does("ola", Action.DECLINE)
    story.wait(30)
    assert story.steps()[1:] == [(30, 1, ["eva"])]
    story.does("eva", Action.DECLINE)
    story.wait(30)
    assert story.steps()[2:] == [(60, 1, ["ola"])], "he is asked again before it reaches nobody"


def test_an_absent_colleague_gives_way_to_those_of_the_site() -> None:
    away = Absence(datetime(2027, 3, 1), datetime(2027, 3, 2))  # noqa: DTZ001 - local to the organisation
    plain = office()
    people = {
        **plain.people,
        "kari": replace(plain.people["kari"], absent=(away,)),
        "liv": person("liv", "staff", at="fjordvik/room-3"),
    }
    story = Story(answered_by(step(0, Target(TargetKind.COLLEAGUES, "zone")), people=people))
    story.press("desk-3")
    assert story.steps() == [(0, 1, ["liv"])]


def test_one_who_presses_in_his_own_zone_has_the_site_come() -> None:
    people = {**office().people, "liv": person("liv", "staff", at="fjordvik/room-3")}
    story = Story(answered_by(step(0, Target(TargetKind.COLLEAGUES, "zone")), people=people))
    story.happens(pressed_at_reception(Person("kari", "Kari Berg", "phone")))
    assert story.steps() == [(0, 1, ["liv"])]


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


def test_nobody_outside_has_a_console_and_is_told_by_his_own_way_instead() -> None:
    """An external of a step that is for the console alone was thought to be told, and nobody told it."""
    story = Story(answered_by(step(0, Target(TargetKind.EXTERNAL, "arc"), by=("console",))))
    story.press()
    assert story.steps() == [(0, 1, ["arc"])]
    assert story.told("dc09") == ["arc"]
    (told,) = story.alarm.notifications
    assert [attempt.channel for attempt in told.attempts] == ["dc09"]


@pytest.mark.parametrize(
    ("kind", "drill", "externals", "told"),
    [
        (Kind.PANIC, False, False, ["ola", "arc"]),
        (Kind.PANIC, True, False, ["ola"]),
        (Kind.PANIC, True, True, ["ola", "arc"]),
        (Kind.TEST, False, False, ["ola"]),
        (Kind.TEST, True, True, ["ola", "arc"]),
    ],
)
def test_no_drill_and_no_test_leaves_the_organisation_unless_it_says_so(
    kind: Kind, *, drill: bool, externals: bool, told: list[str]
) -> None:
    story = Story(answered_by(step(0, one("ola"), Target(TargetKind.EXTERNAL, "arc"), by=())))
    alarm = story.press(kind=kind, drill=drill, externals=externals)
    assert story.steps() == [(0, 1, told)]
    assert story.told("dc09") == told[1:]
    assert story.events[alarm.id][0].data["externals"] == externals
    assert story.folded(alarm.id) == alarm


@pytest.mark.parametrize("exercise", [{"drill": True}, {"kind": Kind.TEST}])
def test_a_step_that_an_exercise_keeps_inside_takes_its_time_and_is_no_fault(exercise: dict[str, Any]) -> None:
    chain = (step(0, Target(TargetKind.EXTERNAL, "arc")), step(20, one("ola")), step(30, team("nobody")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(600))), arrives=True)
    story.press(**exercise)
    story.wait(100)
    assert story.steps() == [(0, 1, []), (20, 2, ["ola"]), (30, 3, [])]
    passed = [e.data["reason"] for e in story.events[story.last] if e.kind is EventKind.ESCALATED]
    assert passed == ["kept_inside", "nobody_reached"]
    assert faults(story) == ["nobody:only:3"]


def test_more_people_asked_for_are_those_of_the_step_behind_the_one_that_is_kept_inside() -> None:
    """Those behind that one keep their distances from it."""
    arc = Target(TargetKind.EXTERNAL, "arc")
    chain = (step(0, one("ola")), step(60, arc), step(120, one("per")), step(150, one("siv")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(600))), arrives=True)
    story.press(drill=True)
    story.does("eva", Action.ESCALATE)
    assert story.steps() == [(0, 1, ["ola"]), (0, 2, []), (0, 3, ["per"])]
    story.wait(149)
    assert story.steps()[3:] == [(30, 4, ["siv"])]


def test_a_step_that_means_the_presser_alone_is_passed_at_once_and_is_no_fault() -> None:
    story = Story(answered_by(step(0, one("kari")), step(20, one("ola")), repeat=Repeat(1, seconds(600))), arrives=True)
    story.happens(pressed_at_reception(Person("kari", "Kari", "phone")))
    assert story.steps() == [(0, 1, []), (0, 2, ["ola"])]
    assert faults(story) == []


def test_whoever_starts_a_drill_is_asked_like_anybody_and_once_it_is_real_has_still_not_pressed() -> None:
    story = Story(answered_by(step(0, one("eva")), step(20, one("ola")), repeat=Repeat(1, seconds(600))), arrives=True)
    story.happens(Pressed(Person("eva", "Eva", "console"), device="desk-3", drill=True))
    assert story.steps() == [(0, 1, ["eva"])]
    assert (story.alarm.first.by, story.alarm.pressers) == (Person("eva", "Eva", "console"), frozenset())
    story.pin("kari")
    assert (story.alarm.live, story.alarm.pressers) == (True, frozenset({"kari"}))
    assert story.folded(story.last) == story.alarm


# What went wrong elsewhere (docs/lessons.md).


def test_a_chain_goes_on_for_days_and_never_gives_up() -> None:
    story = Story(answered_by(step(0, one("ola")), step(20, one("per")), repeat=Repeat(2, seconds(60))), arrives=True)
    story.press()
    story.wait(3 * 86400)
    assert len(story.steps()) == 1 + 3 * 1440, "each minute of three days, and Ola before them"
    assert story.due[story.last] == story.now + seconds(20)


def test_hours_in_which_nobody_is_on_call_pass_a_step_and_pause_nothing() -> None:
    start = datetime(2027, 3, 1, 8)  # noqa: DTZ001 - local to the organisation
    hours = Window(frozenset({0}), time(8), time(10))
    duty = Schedule("duty", (Rotation(("per",), start, timedelta(days=7)),), hours)
    chain = (step(0, one("ola")), step(20, Target(TargetKind.ON_CALL, "duty")), step(40, one("siv")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(100)), schedules={"duty": duty}), arrives=True)
    story.now = datetime(2027, 3, 1, 8, 59, 50, tzinfo=UTC)  # ten seconds before ten o'clock in Oslo
    story.press()
    story.wait(160)
    assert story.steps() == [
        (0, 1, ["ola"]), (20, 2, []), (20, 3, ["siv"]), (120, 1, ["ola"]), (140, 2, []), (140, 3, ["siv"]),
    ]  # fmt: skip


def test_several_targets_of_a_step_are_all_told() -> None:
    arc = Target(TargetKind.EXTERNAL, "arc")
    story = Story(answered_by(step(0, one("eva"), team("guards"), role("staff"), arc, by=())))
    story.press()
    assert story.steps() == [(0, 1, ["eva", *GUARDS, "kari", "arc"])]
