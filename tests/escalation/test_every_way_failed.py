"""Every way to everybody of a step has failed: those of its `else` are told at once, or the next step is done."""

import pytest

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState, Kind, NextStep
from alarmd.organisation.model import CONSOLE, Acknowledge, Repeat, Target, TargetKind
from tests.escalation.stories import one, one_after_another
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story


def fails(story: Story, person: str) -> None:
    for channel in ("sms", "voice"):
        story.report(story.attempt(person, channel).id, AttemptState.FAILED, why="unreachable")


def two_called(by: tuple[str, ...] = ("voice", "sms")) -> Story:
    """Ola and Siv are told by text and call, else Per; Eva after two minutes."""
    chain = (step(0, one("ola"), one("siv"), by=by, otherwise=(one("per"),)), step(120, role("manager")))
    story = Story(answered_by(*chain))
    story.press()
    return story


def test_those_of_its_else_are_told_at_once_and_once() -> None:
    story = two_called()
    fails(story, "ola")
    assert "per" not in story.told("sms"), "Siv may yet be reached"
    fails(story, "siv")
    assert story.told("sms").count("per") == 1
    assert story.steps() == [(0, 1, ["ola", "siv"])]
    fails(story, "per")
    story.wait(60)
    assert story.told("sms").count("per") == 1


def test_one_who_was_reached_is_enough() -> None:
    story = two_called()
    story.report(story.attempt("siv", "sms").id, AttemptState.DELIVERED)
    fails(story, "ola")
    assert "per" not in story.told("sms")


def test_while_enough_are_coming_it_tells_nobody() -> None:
    story = two_called()
    story.does("eva", Action.ACKNOWLEDGE)
    fails(story, "ola")
    fails(story, "siv")
    assert "per" not in story.told("sms")


def test_when_those_of_its_else_are_lost_too_the_next_step_is_done_at_once() -> None:
    story = two_called()
    for person in ("ola", "siv"):
        fails(story, person)
    story.wait(2)
    fails(story, "per")
    assert story.steps() == [(0, 1, ["ola", "siv"]), (2, 2, ["eva"])]


def test_the_steps_behind_it_move_up_by_as_much_and_the_story_says_why() -> None:
    story = one_after_another(repeat=Repeat(1, seconds(60)))
    story.arrives = False
    story.press()
    story.wait(5)
    fails(story, "ola")
    assert story.steps() == [(0, 1, ["ola"]), (5, 2, ["per"])]
    assert story.alarm.next == NextStep(3, 1, story.now + seconds(40))
    said = next(e for e in story.events[story.last] if e.data.get("reason") == "every_way_failed")
    assert (said.data["step"], said.data["next"]["step"]) == (1, 2)
    story.wait(40)
    assert story.steps()[2:] == [(45, 3, ["siv"])]


def test_one_after_the_other_they_come_to_the_end_of_the_round_and_no_further() -> None:
    story = one_after_another(repeat=Repeat(1, seconds(60)))
    story.arrives = False
    story.press()
    for person in ("ola", "per", "siv"):
        fails(story, person)
    assert story.steps() == [(0, 1, ["ola"]), (0, 2, ["per"]), (0, 3, ["siv"])]
    assert story.alarm.next == NextStep(1, 2, story.now + seconds(60))


def test_where_a_later_step_has_told_somebody_since_nothing_is_hurried() -> None:
    story = one_after_another()
    story.arrives = False
    story.press()
    story.wait(20)
    fails(story, "ola")
    assert story.alarm.next == NextStep(3, 1, story.now + seconds(40))


@pytest.mark.parametrize("how", ["enough", "console"])
def test_nothing_is_hurried_while_enough_are_coming_or_where_the_console_alone_was_meant(how: str) -> None:
    arc = Target(TargetKind.EXTERNAL, "arc")
    by = (CONSOLE,) if how == "console" else (CONSOLE, "voice", "sms")
    story = Story(answered_by(step(0, one("ola"), arc, by=by), step(60, role("manager"))))
    story.press()
    if how == "enough":
        story.does("siv", Action.ACKNOWLEDGE)
        fails(story, "ola")
    story.report(story.attempt("arc", "dc09").id, AttemptState.FAILED)
    assert len(story.steps()) == 1


@pytest.mark.parametrize("drill", [True, False])
def test_in_an_exercise_it_waits_for_those_outside_whom_its_else_would_tell(drill: bool) -> None:
    arc = Target(TargetKind.EXTERNAL, "arc")
    chain = (step(0, one("ola"), by=("voice", "sms"), otherwise=(arc,)), step(60, team("guards")))
    story = Story(answered_by(*chain))
    story.press(drill=drill)
    fails(story, "ola")
    assert len(story.steps()) == 1
    assert story.told("dc09") == ([] if drill else ["arc"])


def test_what_a_duress_told_before_a_duress_pin_is_no_way_of_the_chain_that_begins_then() -> None:
    story = Story(answered_by(step(0, one("ola")), step(60, role("manager"))))
    story.press("under-desk-2")
    story.report(story.attempt("ola", "sms").id, AttemptState.DELIVERED)
    story.wait(10)
    story.pin("kari")
    fails(story, "ola")
    assert story.steps() == [(0, 1, ["ola"]), (10, 1, ["ola"]), (10, 2, ["eva"])]


def two_needed(kind: Kind | None = None) -> Story:
    """Ola and Siv are told by text and call, else Per; two must come, and only after two minutes Eva is asked."""
    chain = (step(0, one("ola"), one("siv"), by=("voice", "sms"), otherwise=(one("per"),)), step(120, role("manager")))
    story = Story(answered_by(*chain, acknowledge=Acknowledge(needed=2)))
    story.press(kind=kind)
    return story


@pytest.mark.parametrize("first", ["answer", "failure"])
def test_who_is_coming_already_brings_no_second_one(first: str) -> None:
    story = two_needed()
    if first == "answer":
        story.does("ola", Action.ACKNOWLEDGE)
        assert "per" not in story.told("sms"), "Siv may yet be reached"
    fails(story, "siv")
    if first == "failure":
        assert "per" not in story.told("sms"), "Ola may bring somebody: himself"
        story.does("ola", Action.EN_ROUTE)
    assert story.told("sms").count("per") == 1


def test_who_is_told_into_what_he_comes_does_not_keep_others_waiting() -> None:
    story = two_needed(Kind.ASSIST)
    story.does("ola", Action.ACKNOWLEDGE)
    story.press(kind=Kind.PANIC)
    assert story.told("sms").count("ola") == 2
    fails(story, "siv")
    assert story.told("sms").count("per") == 1


@pytest.mark.parametrize("back", [0, 60])
def test_its_else_is_told_also_while_the_clock_is_behind_the_press(back: float) -> None:
    arc = Target(TargetKind.EXTERNAL, "arc")
    chain = (step(0, one("ola"), by=("sms",)), step(30, arc, otherwise=(one("siv"),)), step(900, one("eva")))
    story = Story(answered_by(*chain))
    story.press()
    story.now -= seconds(back)
    story.does("eva", Action.ESCALATE)
    story.report(story.attempt("arc", "dc09").id, AttemptState.FAILED)
    assert "siv" in story.told("sms")
