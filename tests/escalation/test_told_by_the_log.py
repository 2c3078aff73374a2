"""What a decision leaves in the log, from which timelines, reports and screens are made."""

import pytest

from alarmd.alarm.events import Event, EventKind
from alarmd.alarm.incoming import Action, Outcome
from alarmd.organisation.model import Acknowledge
from tests.support.organisations import answered_by, step, team
from tests.support.story import Story


def newest(story: Story, kind: EventKind) -> Event:
    return next(e for e in reversed(story.events[story.last]) if e.kind is kind)


def test_an_end_says_its_outcome_and_why() -> None:
    story = Story()
    story.press()
    story.resolve("ola", "a visitor shouted, and left", Outcome.REAL)
    assert newest(story, EventKind.RESOLVED).data == {"outcome": "real", "reason": "a visitor shouted, and left"}


def test_a_cancel_says_why() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.CANCEL, reason="bumped into it")
    assert newest(story, EventKind.CANCELLED).data == {"reason": "bumped into it"}


def test_a_call_for_more_says_of_which_step_and_how_the_clock_stood() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ESCALATE)
    assert newest(story, EventKind.ESCALATED).data == {
        "reason": "asked_for_more",
        "step": 2,
        "next": {"step": 2, "round": 1, "at": "2027-03-01T09:00:20.000Z"},
    }


@pytest.mark.parametrize(("who", "counts"), [("ola", True), ("eva", False)])
def test_of_one_who_cannot_come_it_is_known_whether_he_was_waited_for(who: str, counts: bool) -> None:
    rule = Acknowledge(frozenset({"guard"}))
    story = Story(answered_by(step(0, team("guards")), acknowledge=rule))
    story.press()
    story.does(who, Action.DECLINE)
    assert newest(story, EventKind.DECLINED).data["counts"] is counts
