"""The log alone rebuilds the alarm, through its wire form, and a log that tells no possible story is refused."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from alarmd.alarm.events import Event, EventKind, by_from_wire, by_wire, from_wire, next_from_wire, next_wire, wire
from alarmd.alarm.incoming import Action
from alarmd.alarm.lifecycle import Illegal, fold
from alarmd.alarm.model import SYSTEM, AttemptState, By, Device, Kind, NextStep, Person, State
from tests.support.effort import effort
from tests.support.story import BEGAN, Story


def long_story() -> Story:
    """A press, joined, made stronger, answered, lapsed, answered again, attended and closed."""
    story = Story()
    story.press("room-2", ref="r-1", note="loud voices", pressed_at="2027-03-01T08:59:59Z")
    story.press("room-2", ref="r-2")
    story.report(story.attempt("ola", "sms").id, AttemptState.FAILED, why="busy", again_in=2.0, provider="SM1")
    story.press("room-2", Kind.PANIC)
    story.wait(30)
    story.does("per", Action.DECLINE)
    story.does("ola", Action.EN_ROUTE)
    story.wait(400)
    story.does("siv", Action.ESCALATE)
    story.does("siv", Action.ARRIVED)
    story.does("eva", Action.NOTE, text="police called")
    story.resolve("siv")
    return story


def test_the_log_alone_rebuilds_the_alarm() -> None:
    story = long_story()
    kinds = set(story.kinds())
    assert kinds == set(EventKind) - {EventKind.CANCELLED}
    assert story.folded(story.last) == story.alarm


def test_an_event_survives_the_log_as_json() -> None:
    story = long_story()
    for event in story.events[story.last]:
        assert from_wire(json.loads(json.dumps(wire(event, story.last, "fjordvik")))) == event


def test_an_event_names_its_alarm_and_site_and_instant() -> None:
    story = Story()
    story.press()
    body = wire(story.events[story.last][0], story.last, "fjordvik")
    assert {key: body[key] for key in ("alarm", "kind", "at", "by", "state", "site")} == {
        "alarm": story.last,
        "kind": "raised",
        "at": "2027-03-01T09:00:00.000Z",
        "by": {"device": "desk-3"},
        "state": "raised",
        "site": "fjordvik",
    }


@pytest.mark.parametrize("by", [Person("ola", "Ola Nes", "sms"), Device("desk-3"), SYSTEM])
def test_whoever_did_it_is_read_back(by: By) -> None:
    assert by_from_wire(by_wire(by)) == by


@pytest.mark.parametrize("next", [None, NextStep(2, 1, None), NextStep(3, 4, BEGAN)])
def test_the_clock_is_read_back_running_standing_or_ended(next: NextStep | None) -> None:
    assert next_from_wire(next_wire(next)) == next


def test_a_story_begins_with_raised() -> None:
    story = Story()
    story.press()
    events = story.events[story.last]
    for wrong in ([], events[1:]):
        with pytest.raises(Illegal, match="does not begin with raised"):
            fold("a1", None, wrong)


def test_a_story_of_which_nobody_said_that_it_leaves_the_house_stays_inside() -> None:
    story = Story()
    story.press(drill=True)
    raised, *_ = story.events[story.last]
    kept = {key: value for key, value in raised.data.items() if key != "externals"}
    assert fold("a", "fjordvik", [replace(raised, data=kept)]).externals is False


def test_a_story_that_cannot_be_is_refused() -> None:
    story = Story()
    story.press()
    attended = Event(EventKind.ATTENDED, BEGAN + timedelta(seconds=1), SYSTEM, State.ATTENDED, {})
    with pytest.raises(Illegal, match="attended may not lead from raised"):
        fold(story.last, None, [*story.events[story.last], attended])


def test_folding_takes_a_time_that_grows_with_the_log_and_not_with_its_square() -> None:
    story = Story(arrives=True)
    story.fault("provider")

    def live_on_and_fold() -> int:
        for _ in range(60):
            story.wait(60)
            story.does("eva", Action.DECLINE)
        return effort(lambda: fold(story.last, None, story.events[story.last]))

    short, twice_as_long = live_on_and_fold(), live_on_and_fold()
    assert len(story.events[story.last]) > 360
    assert twice_as_long < 2.1 * short
    assert story.folded(story.last) == story.alarm


def test_what_was_told_after_an_answer_still_has_to_reach_him() -> None:
    story = Story(arrives=True)
    story.fault("provider")
    for _ in range(3):
        story.wait(60)
        story.does("eva", Action.DECLINE)
    story.wait(60)
    assert [n.settled for n in story.alarm.notifications] == [True] * 4 + [False]
    assert story.folded(story.last) == story.alarm
