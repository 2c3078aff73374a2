"""Whose message an answer has cut short is told anew when that answer comes to nothing; and a step is lost when nobody
is left of it, however each of them was lost.
"""

from dataclasses import replace

import pytest

from alarmd.alarm.effects import EndCall
from alarmd.alarm.events import EventKind, Reason
from alarmd.alarm.incoming import Action
from alarmd.alarm.model import AttemptState, Kind, Purpose
from alarmd.escalation.retry import TRIES
from alarmd.organisation.model import Acknowledge, Chain, Repeat, Target, TargetKind
from tests.escalation.stories import one
from tests.support.organisations import answered_by, office, role, seconds, step, team
from tests.support.story import Story

OTHERS = ("per", "siv")


def alarm(by: tuple[str, ...] = ("sms",)) -> Story:
    """The guards at once, the manager in five minutes; a word holds for a minute."""
    chain = (step(0, team("guards"), by=by), step(300, role("manager"), by=("sms",)))
    story = Story(
        answered_by(*chain, acknowledge=Acknowledge(arrive_within=seconds(60)), repeat=Repeat(2, seconds(600)))
    )
    story.press()
    return story


def withdrawn(story: Story, *channels: str) -> None:
    for who in OTHERS:
        for channel in channels:
            story.report(story.attempt(who, channel).id, AttemptState.WITHDRAWN)


def told_anew(story: Story) -> dict[str, float]:
    """Who, and after how many seconds."""
    said = [e for e in story.events[story.last] if e.data.get("reason") == Reason.NOT_TOLD_YET]
    return {e.data["person"]: (e.at - story.alarm.opened_at).total_seconds() for e in said}


def test_whose_call_was_ended_because_somebody_came_is_called_again_when_she_does_not_arrive() -> None:
    story = alarm(by=("voice",))
    for who in ("ola", *OTHERS):
        story.report(story.attempt(who, "voice").id, AttemptState.ACCEPTED, provider=f"call-{who}")
    story.does("ola", Action.EN_ROUTE)
    assert {e.provider for e in story.effects if isinstance(e, EndCall)} >= {"call-per", "call-siv"}
    for who in OTHERS:
        story.report(story.attempt(who, "voice").id, AttemptState.FAILED, why="canceled")
    story.wait(60)
    assert told_anew(story) == dict.fromkeys(OTHERS, 60)
    assert story.told("voice").count("per") == 2


def test_whose_text_was_taken_and_whose_call_was_withdrawn_is_called_when_she_does_not_arrive() -> None:
    story = alarm(by=("sms", "voice"))
    for who in OTHERS:
        story.report(story.attempt(who, "sms").id, AttemptState.ACCEPTED)
    story.does("ola", Action.EN_ROUTE)
    withdrawn(story, "voice")
    story.wait(60)
    assert told_anew(story) == dict.fromkeys(OTHERS, 60)


def test_what_is_heard_of_the_message_that_was_cut_short_leads_to_nothing_more() -> None:
    story = alarm(by=("sms", "voice"))
    old = story.attempt("per", "sms").id
    story.report(old, AttemptState.ACCEPTED)
    story.does("ola", Action.EN_ROUTE)
    withdrawn(story, "voice")
    story.wait(60)
    before = len(story.events[story.last])
    story.report(old, AttemptState.FAILED)
    assert [e.kind for e in story.events[story.last][before:]] == [EventKind.RECEIPT]


def test_who_was_reached_before_is_not_told_anew() -> None:
    story = alarm(by=("sms", "voice"))
    for who in OTHERS:
        story.report(story.attempt(who, "sms").id, AttemptState.DELIVERED)
    story.does("ola", Action.EN_ROUTE)
    withdrawn(story, "voice")
    story.wait(60)
    assert told_anew(story) == {}


def test_a_press_before_the_withdrawal_is_known_leaves_nobody_out() -> None:
    story = alarm()
    story.does("ola", Action.EN_ROUTE)
    story.wait(5)
    story.press()
    withdrawn(story, "sms")
    story.wait(55)
    assert told_anew(story) == dict.fromkeys(OTHERS, 60)


@pytest.mark.parametrize("pressed", [False, True])
def test_a_press_takes_away_nobodys_other_way(pressed: bool) -> None:
    """While enough are coming he need not be called; as soon as they are not, he is."""
    story = alarm()
    story.report(story.attempt("per", "sms").id, AttemptState.ACCEPTED)
    story.does("ola", Action.EN_ROUTE)
    if pressed:
        story.wait(5)
        story.press()
    story.wait(54)
    assert story.told("voice") == []
    story.wait(6)
    assert "per" in story.told("voice")


def test_what_is_withdrawn_by_an_answer_that_was_taken_back_is_made_up_for_at_once() -> None:
    """The look came before she declined, what became of it after."""
    story = alarm()
    story.does("ola", Action.EN_ROUTE)
    story.does("ola", Action.DECLINE)
    withdrawn(story, "sms")
    assert told_anew(story) == dict.fromkeys(OTHERS, 0)


@pytest.mark.parametrize("how", ["button", "pin"])
def test_who_was_told_of_the_weaker_alarm_is_told_anew_of_the_stronger(how: str) -> None:
    chain = (step(0, team("guards"), by=("sms",)), step(300, role("manager"), by=("sms",)))
    rule = Acknowledge(arrive_within=seconds(60))
    story = Story(answered_by(*chain, acknowledge=rule, repeat=Repeat(2, seconds(600))))
    story.press("room-2" if how == "button" else "desk-3")
    for who in ("ola", *OTHERS):
        story.report(story.attempt(who, "sms").id, AttemptState.DELIVERED)
    story.wait(5)
    if how == "button":
        story.press("room-2", Kind.PANIC)
    else:
        story.pin("kari")
    story.does("ola", Action.EN_ROUTE)
    withdrawn(story, "sms")
    story.wait(60)
    assert told_anew(story) == dict.fromkeys(OTHERS, 65)


def test_more_people_asked_for_while_the_clock_runs_are_those_who_were_missed_too() -> None:
    story = alarm()
    story.does("ola", Action.EN_ROUTE)
    withdrawn(story, "sms")
    story.wait(5)
    story.press()
    story.does("eva", Action.ESCALATE)
    assert told_anew(story) == dict.fromkeys(OTHERS, 5)


# A step that is lost.


def lost(*rest: str) -> Story:
    """Ola and per by text alone, else siv; ane in five minutes."""
    chain = (
        step(0, one("ola"), one("per"), by=("sms", "voice"), otherwise=tuple(map(one, rest))),
        step(300, one("eva"), by=("sms",)),
    )
    story = Story(answered_by(*chain, acknowledge=Acknowledge(arrive_within=seconds(60))))
    story.press()
    return story


def fails(story: Story, who: str) -> None:
    for channel in ("sms", "voice"):
        story.report(story.attempt(who, channel).id, AttemptState.FAILED)


@pytest.mark.parametrize("first", ["he declines", "the other fails"])
@pytest.mark.parametrize("rest", [(), ("siv",)])
def test_a_step_is_lost_when_one_cannot_be_reached_and_the_other_cannot_come(first: str, rest: tuple[str, ...]) -> None:
    story = lost(*rest)
    story.wait(2)
    if first == "he declines":
        story.does("ola", Action.DECLINE)
        fails(story, "per")
    else:
        fails(story, "per")
        story.does("ola", Action.DECLINE)
    told = {e.data["person"] for e in story.events[story.last] if e.kind is EventKind.NOTIFIED}
    assert told == {"ola", "per", *(rest or ("eva",))}


def test_a_step_whose_people_all_decline_keeps_the_time_of_the_next() -> None:
    story = lost()
    for who in ("ola", "per"):
        story.does(who, Action.DECLINE)
    assert [number for _, number, _ in story.steps()] == [1]


def test_a_provider_that_cannot_be_asked_does_not_keep_others_waiting() -> None:
    """Whether it has told anybody, nobody knows."""
    story = lost()
    for who in ("ola", "per"):
        for channel in ("sms", "voice"):
            for tried in range(TRIES):
                again = 1 if tried + 1 < TRIES else None
                story.report(story.attempt(who, channel).id, AttemptState.UNKNOWN, again_in=again)
    assert [(at, number) for at, number, _ in story.steps()] == [(0, 1), (0, 2)]


def test_who_was_told_anew_in_vain_is_lost_with_his_step() -> None:
    story = lost("siv")
    story.does("eva", Action.EN_ROUTE)
    for who in ("ola", "per"):
        for channel in ("sms", "voice"):
            story.report(story.attempt(who, channel).id, AttemptState.WITHDRAWN)
    story.wait(60)
    for who in ("ola", "per"):
        fails(story, who)
    assert "siv" in story.told("sms")


def test_a_drill_does_not_take_for_lost_what_it_keeps_from_those_outside() -> None:
    chain = (step(0, one("ola"), Target(TargetKind.EXTERNAL, "arc"), by=("sms",)), step(300, one("eva"), by=("sms",)))
    story = Story(answered_by(*chain))
    story.press(drill=True)
    for channel in ("sms", "voice"):
        story.report(story.attempt("ola", channel).id, AttemptState.FAILED)
    assert [number for _, number, _ in story.steps()] == [1]


@pytest.mark.parametrize("last_word", ["before it is taken back", "after it"])
def test_whose_call_was_ended_is_called_again_whenever_it_is_known_that_it_was(last_word: str) -> None:
    story = alarm(by=("voice",))
    for who in ("ola", *OTHERS):
        story.report(story.attempt(who, "voice").id, AttemptState.ACCEPTED, provider=f"call-{who}")
    ended = [story.attempt(who, "voice").id for who in OTHERS]
    story.does("ola", Action.EN_ROUTE)
    if last_word == "after it":
        story.does("ola", Action.DECLINE)
    for attempt in ended:
        story.report(attempt, AttemptState.FAILED, why="canceled")
    if last_word != "after it":
        story.does("ola", Action.DECLINE)
    assert sorted(told_anew(story)) == [*OTHERS]
    story.wait(300)
    assert story.told("voice").count("per") == 2


def test_who_answered_her_call_before_it_was_ended_is_not_called_again() -> None:
    story = alarm(by=("voice",))
    for who in ("ola", *OTHERS):
        story.report(story.attempt(who, "voice").id, AttemptState.ACCEPTED, provider=f"call-{who}")
    story.does("ola", Action.EN_ROUTE)
    story.report(story.attempt("siv", "voice").id, AttemptState.ANSWERED)
    story.does("ola", Action.DECLINE)
    assert [*told_anew(story)] == ["per"]


def test_a_call_that_its_provider_takes_only_after_the_answer_was_ended_too() -> None:
    story = alarm(by=("voice",))
    story.does("ola", Action.EN_ROUTE)
    for who in OTHERS:
        story.report(story.attempt(who, "voice").id, AttemptState.ACCEPTED, provider=f"call-{who}")
    story.does("ola", Action.DECLINE)
    assert sorted(told_anew(story)) == [*OTHERS]


@pytest.mark.parametrize("back", [0, 60])
def test_whose_message_was_cut_short_is_told_anew_also_while_the_clock_is_behind_the_press(back: float) -> None:
    story = alarm()
    story.now -= seconds(back)
    story.does("ola", Action.EN_ROUTE)
    withdrawn(story, "sms")
    story.does("ola", Action.DECLINE)
    assert sorted({e.data["person"] for e in story.events[story.last] if e.data.get("reason") == "not_told_yet"}) == [
        *OTHERS
    ]


def test_an_all_clear_is_no_step_that_was_missed() -> None:
    """Kari heard by a duress PIN that it is over: she must not be told by a step that it is not."""
    chain = (step(0, one("kari"), one("ola"), by=("sms",)),)
    weak = Chain("weak", chain, frozenset({Kind.ASSIST}), repeat=Repeat(1, seconds(600)))
    strong = replace(weak, id="strong", kinds=frozenset(), steps=(step(0, one("ola"), by=("sms",)),))
    story = Story(office(chains={"weak": weak, "strong": strong}))
    story.press("room-2", Kind.ASSIST)
    story.report(story.attempt("kari", "sms").id, AttemptState.DELIVERED)
    story.pin("ane")
    clear = next(n for n in story.alarm.notifications if n.purpose is Purpose.ALL_CLEAR)
    story.report(clear.attempts[0].id, AttemptState.WITHDRAWN)
    story.wait(1300)
    assert story.alarm.veil is not None
    assert "kari" not in story.alarm.veil.told
