"""What goes on while others are asked: a clock that never stops for want of people, and whose fault that is."""

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState, Person
from alarmd.organisation.model import Acknowledge, Repeat, Target, TargetKind
from tests.escalation.stories import faults, one, pressed_at_reception
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story


def test_a_call_for_more_that_reaches_nobody_stops_no_clock_that_runs() -> None:
    chain = (step(0, one("ola")), step(60, team("nobody")), step(120, team("nobody")))
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(60))), arrives=True)
    story.press()
    story.happens(pressed_at_reception(Person("ola", "Ola Fjord", "phone")))
    story.does("eva", Action.ESCALATE)
    assert story.alarm.asks
    before = len(story.steps())
    story.wait(60)
    assert len(story.steps()) > before


def test_colleagues_who_are_all_on_their_way_are_no_fault_of_the_chain() -> None:
    colleagues = Target(TargetKind.COLLEAGUES, "zone")
    rule = Acknowledge(frozenset({"guard"}))
    story = Story(answered_by(step(0, team("guards")), step(10, colleagues), acknowledge=rule), arrives=True)
    story.press()
    story.does("kari", Action.EN_ROUTE)
    story.wait(10)
    assert story.steps()[1] == (10, 2, [])
    assert [cause for cause in faults(story) if cause.startswith("nobody")] == []


def test_the_same_movement_of_the_hand_makes_nothing_pointless_that_may_be_wanted_again() -> None:
    story = Story(answered_by(step(0, team("guards"), by=("sms",)), step(120, role("manager"))))
    story.press()
    story.report(story.attempt("per", "sms").id, AttemptState.ACCEPTED)
    story.does("ola", Action.ACKNOWLEDGE)
    story.press()
    story.wait(2)
    story.does("ola", Action.DECLINE)
    story.wait(15)
    assert "per" in story.told("voice")
