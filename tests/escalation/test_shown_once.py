"""What changes nothing at the presser's place is not shown there again, and nobody is cut off while he speaks."""

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Kind
from tests.escalation.stories import TWO, called, ended_calls
from tests.support.story import Story


def test_one_who_cannot_changes_no_light() -> None:
    story = Story()
    story.press(ref="r-1")
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("per", Action.DECLINE)
    assert story.shown("desk-3") == ["raised", "acknowledged"]


def test_a_stronger_kind_that_changes_no_light_is_answered_at_its_own_device_alone() -> None:
    story = Story()
    story.press("desk-3", Kind.ASSIST)
    story.press("desk-4", Kind.ASSIST)
    story.press("desk-4", Kind.PANIC)
    assert (story.shown("desk-3"), story.shown("desk-4")) == (["raised"], ["raised", "raised"])


def test_who_ends_it_by_telephone_is_not_cut_off() -> None:
    story = called(TWO)
    story.does("ola", Action.CANCEL, "voice", reason="seen to")
    assert ended_calls(story) == ["CA-per", "CA-siv"]
