"""Every way to everybody of a step has failed: those of its `else` are told at once."""

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState
from tests.escalation.stories import one
from tests.support.organisations import answered_by, role, step
from tests.support.story import Story


def fails(story: Story, person: str) -> None:
    for channel in ("voice", "sms"):
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
    fails(story, "per")
    story.wait(60)
    assert story.told("sms").count("per") == 1
    assert story.steps() == [(0, 1, ["ola", "siv"])]


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
