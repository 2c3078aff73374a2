"""When an alarm becomes stronger another chain begins: what the weaker one has told stands in the ledger, and is none
of its steps, whatever the clock has said meanwhile."""

import pytest

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState, Kind, ResponderState
from alarmd.organisation.model import Acknowledge, Chain, Repeat
from tests.escalation.stories import TWO, one
from tests.support.organisations import ANYBODY, office, seconds, step
from tests.support.story import Story


def two_chains(acknowledge: Acknowledge = ANYBODY) -> Story:
    """An assist goes by three steps, whatever is stronger by two."""
    steps = (step(0, one("ola")), step(10, one("per")), step(20, one("siv"), one("eva")))
    weak = Chain("weak", steps, frozenset({Kind.ASSIST}), repeat=Repeat(1, seconds(600)))
    fewer = (step(0, one("ola")), step(30, one("ola")))
    strong = Chain("strong", fewer, frozenset(), repeat=Repeat(1, seconds(600)), acknowledge=acknowledge)
    story = Story(office(chains={"weak": weak, "strong": strong}))
    story.press("room-2", Kind.ASSIST)
    return story


@pytest.mark.parametrize("acknowledge", [ANYBODY, TWO], ids=["one", "two"])
@pytest.mark.parametrize("back", [-1, 0, 5])
def test_what_a_step_that_the_stronger_chain_does_not_have_left_untold_is_not_made_up(
    back: float, acknowledge: Acknowledge
) -> None:
    story = two_chains(acknowledge)
    story.wait(20)
    siv = story.attempt("siv", "sms").id
    story.does("per", Action.EN_ROUTE)
    story.report(siv, AttemptState.WITHDRAWN)
    story.now -= seconds(back)
    story.press("room-2", Kind.PANIC)
    story.wait(700)
    assert story.told("sms").count("siv") == 1
    assert "ola" in story.told("sms")[3:]


@pytest.mark.parametrize("back", [-1, 0, 5])
def test_nor_is_it_a_step_of_it_that_is_lost(back: float) -> None:
    story = two_chains()
    story.wait(20)
    story.now -= seconds(back)
    story.press("room-2", Kind.PANIC)
    before = len(story.steps())
    for person in ("siv", "eva"):
        for channel in ("sms", "voice"):
            for attempt in [a for n in story.alarm.notifications if n.person == person for a in n.attempts]:
                if attempt.channel == channel and attempt.state is AttemptState.QUEUED:
                    story.report(attempt.id, AttemptState.FAILED)
    assert len(story.steps()) == before


def test_what_rested_while_enough_were_coming_helps_again_when_the_stronger_chain_needs_more() -> None:
    story = two_chains(TWO)
    story.wait(1)
    story.does("per", Action.EN_ROUTE)
    story.wait(5)
    story.press("room-2", Kind.ASSIST)
    assert any(n.rests for n in story.alarm.notifications)
    story.wait(1)
    story.press("room-2", Kind.PANIC)
    assert not story.alarm.enough
    assert not any(n.rests for n in story.alarm.notifications)


def test_who_could_not_come_to_something_weaker_is_asked_by_the_stronger_chain() -> None:
    story = two_chains()
    story.does("ola", Action.DECLINE)
    story.press("room-2", Kind.PANIC)
    assert story.steps()[-1][2] == ["ola"]
    assert not story.alarm.responders
    story.does("ola", Action.DECLINE)
    answered = story.alarm.responder("ola")
    assert answered is not None
    assert answered.state is ResponderState.DECLINED
