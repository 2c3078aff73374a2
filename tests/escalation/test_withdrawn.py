"""Whose message was withdrawn because enough were coming, and then too few are: he is told with the next step."""

import pytest

from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState
from alarmd.organisation.model import Acknowledge, Repeat
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story


def withdrawn(by: tuple[str, ...] = ("sms",)) -> Story:
    """Ola is coming before anything to Per and Siv has left."""
    rule = Acknowledge(arrive_within=seconds(60))
    chain = (step(0, team("guards"), by=by), step(300, role("manager")))
    story = Story(answered_by(*chain, acknowledge=rule, repeat=Repeat(2, seconds(600))))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    for guard in ("ola", "per", "siv"):
        for channel in by:
            story.report(story.attempt(guard, channel).id, AttemptState.WITHDRAWN, why="no_longer_needed")
    story.arrives = True
    return story


def told_late(story: Story) -> list[tuple[float, str, list[str]]]:
    began = story.alarm.opened_at
    return [
        ((e.at - began).total_seconds(), e.data["person"], [a["channel"] for a in e.data["attempts"]])
        for e in story.events[story.last]
        if e.kind is EventKind.NOTIFIED and e.data["reason"] == "not_told_yet"
    ]


@pytest.mark.parametrize("by", [("sms",), ("sms", "voice")])
def test_when_the_answer_lapses_they_are_told_by_their_step_s_own_ways(by: tuple[str, ...]) -> None:
    story = withdrawn(by)
    story.wait(2000)
    assert story.steps()[1] == (60, 2, ["eva"])
    assert told_late(story) == [(60, "per", [*by]), (60, "siv", [*by])], "once, and not who has answered himself"


def test_when_he_cannot_after_all_too_but_nobody_who_has_declined_himself() -> None:
    story = withdrawn()
    story.does("siv", Action.DECLINE)
    story.wait(5)
    story.does("ola", Action.DECLINE)
    assert told_late(story) == [(5, "per", ["sms"])]


def test_after_one_more_press_with_the_next_step() -> None:
    story = withdrawn()
    story.wait(5)
    story.press()
    assert told_late(story) == []
    story.does("ola", Action.DECLINE)
    assert [person for _, person, _ in told_late(story)] == ["per", "siv"]


def test_while_enough_are_coming_a_call_for_more_leaves_them_alone() -> None:
    story = withdrawn()
    story.does("ola", Action.ESCALATE)
    story.wait(59)
    assert told_late(story) == []
