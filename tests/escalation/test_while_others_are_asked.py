"""What goes on while others are asked: a clock that never stops for want of people, and whose fault that is."""

from alarmd.alarm.effects import Tell
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


def lost(story: Story, person: str) -> None:
    for channel in ("voice", "sms"):
        story.report(story.attempt(person, channel).id, AttemptState.FAILED, why="unreachable")


def test_an_else_is_for_want_of_people_and_not_asked_while_enough_are_coming_though_the_clock_runs() -> None:
    second = step(20, one("per"), by=("voice", "sms"), otherwise=(one("eva"),))
    story = Story(answered_by(step(0, one("ola")), second))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(2)
    story.press()
    story.wait(20)
    lost(story, "per")
    assert "eva" not in story.told("sms")


def test_an_else_asks_nobody_who_has_said_that_he_cannot() -> None:
    first = step(0, one("ola"), by=("voice", "sms"), otherwise=(one("per"), one("eva")))
    story = Story(answered_by(first, step(120, role("manager"))))
    story.press()
    story.does("per", Action.DECLINE)
    lost(story, "ola")
    assert (story.told("sms").count("per"), story.told("sms").count("eva")) == (0, 1)


def test_what_leaves_names_the_contact_by_which_it_leaves() -> None:
    story = Story(answered_by(step(0, one("ola"), by=("voice", "sms"))))
    story.press()
    assert [(e.channel, e.contact) for e in story.effects if isinstance(e, Tell)] == [("sms", 0), ("voice", 1)]


def test_a_try_is_as_old_as_the_last_word_of_it() -> None:
    story = Story(answered_by(step(0, one("ola"))))
    story.press()
    began = story.now
    assert (story.attempt("ola", "sms").begun, story.attempt("ola", "sms").at) == (began, began)
    story.wait(2)
    story.report(story.attempt("ola", "sms").id, AttemptState.ACCEPTED)
    assert (story.attempt("ola", "sms").begun, story.attempt("ola", "sms").at) == (began, story.now)
