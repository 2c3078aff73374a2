"""What a cancel by PIN tells of the alarm: its version, its place, for whom it is over, and who comes into what."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from alarmd.alarm.incoming import Action, Pin
from alarmd.alarm.model import Kind, Person, Purpose
from tests.escalation.stories import pressed_at_reception
from tests.escalation.test_cancelling import (
    BEFORE,
    KARI,
    by_phone,
    cancel_of,
    cancelled,
    desk,
    staffed,
    two_desks_and_two_who_come,
)
from tests.support.story import Story


@pytest.mark.parametrize("pin", Pin)
@pytest.mark.parametrize("before", BEFORE)
def test_the_alarm_that_is_seen_to_be_over_counts_its_events_to_the_cancel(
    before: Callable[[Story], None], pin: Pin
) -> None:
    story = cancelled(before, pin)
    assert story.alarm.face is not None
    assert story.alarm.face.version == story.events[story.last].index(cancel_of(story)) + 1


def test_a_duress_is_where_help_was_wanted_last() -> None:
    story = Story(staffed())
    by_phone(story)
    story.happens(replace(pressed_at_reception(Person("siri", "Siri Fjord", "phone")), zone="fjordvik/room-2"))
    story.press("desk-4")
    story.happens(replace(pressed_at_reception(KARI), zone=None))
    story.pin("kari")
    assert cancel_of(story).data["zone"] == "fjordvik/reception"


def test_a_press_from_nowhere_is_cancelled_under_duress_like_any_other() -> None:
    story = Story(staffed())
    story.happens(replace(pressed_at_reception(KARI), zone=None))
    assert story.pin("kari").refusal is None
    assert (story.alarm.kind, cancel_of(story).data["zone"]) == (Kind.DURESS, None)


def test_to_one_who_declined_and_then_pressed_himself_it_is_over_whosever_pin_it_was() -> None:
    story = Story(staffed())
    desk(story)
    story.does("ola", Action.DECLINE)
    story.happens(pressed_at_reception(Person("ola", "Ola Fjord", "phone")))
    story.pin("kari")
    assert cancel_of(story).data["over_for"] == ["kari", "nils", "ola"]
    assert story.alarm.responders == ()


def test_who_comes_is_told_into_what_at_the_first_step_of_the_new_chain() -> None:
    story = cancelled(two_desks_and_two_who_come, Pin.DURESS)
    told = [(n.step, n.round) for n in story.alarm.notifications if n.person == "ola" and n.purpose is Purpose.STEP]
    assert told[-1] == (1, 1)
