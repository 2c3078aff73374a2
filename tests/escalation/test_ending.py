"""How an alarm ends: with a reason or an arrival, once, for good, and with an all-clear to everyone who was told."""

from dataclasses import replace

import pytest

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Outcome, Pin
from alarmd.alarm.model import AttemptState, Person, Purpose, State
from alarmd.escalation.draft import Refusal
from alarmd.escalation.receipts import still_wanted
from alarmd.organisation.model import Acknowledge, Contact, Target, TargetKind
from tests.escalation.stories import called, ended_calls, one, pressed_at_reception
from tests.support.organisations import answered_by, office, person, seconds, step, team
from tests.support.story import Story


def all_clears(story: Story) -> list[tuple[str, str]]:
    return [(e.person, e.channel) for e in story.effects if isinstance(e, Tell) and e.purpose is Purpose.ALL_CLEAR]


@pytest.mark.parametrize("action", [Action.RESOLVE, Action.CANCEL])
def test_closing_without_arrival_wants_a_reason(action: Action) -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    before = story.alarm
    decision = story.does("ola", action)
    assert decision.refusal is Refusal.NEEDS_REASON
    assert (decision.alarm, decision.events, decision.effects) == (before, (), ())
    assert decision.due == story.due[story.last]
    assert story.does("ola", action, reason="a mistake").refusal is None
    assert story.alarm.state.ended


def test_resolving_after_an_arrival_wants_no_reason_and_cancelling_does() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ARRIVED)
    assert story.does("ola", Action.CANCEL).refusal is Refusal.NEEDS_REASON
    assert story.resolve("ola").refusal is None
    assert story.alarm.outcome == "real"


@pytest.mark.parametrize("who", ["siv", "kari"])
def test_neither_who_pressed_nor_one_of_another_role_spares_the_reason_by_being_there(who: str) -> None:
    story = Story(answered_by(step(0, team("guards")), acknowledge=Acknowledge(frozenset({"guard"}))))
    story.happens(pressed_at_reception(Person("siv", "Siv Dal", "phone")))
    story.does(who, Action.ARRIVED)
    assert story.resolve("eva").refusal is Refusal.NEEDS_REASON
    story.does("ola", Action.ARRIVED)
    assert story.resolve("eva").refusal is None


@pytest.mark.parametrize("outcome", Outcome)
def test_an_alarm_is_resolved_with_its_outcome(outcome: Outcome) -> None:
    story = Story()
    story.press()
    story.resolve("ola", "looked at", outcome)
    assert (story.state(), story.alarm.outcome, story.alarm.next) == (State.RESOLVED, outcome, None)
    assert story.events[story.last][-2].kind is not EventKind.CANCELLED


def test_a_cancelled_alarm_has_no_outcome() -> None:
    story = Story()
    story.press()
    story.does("kari", Action.CANCEL, reason="bumped into it")
    assert (story.state(), story.alarm.outcome) == (State.CANCELLED, None)


@pytest.mark.parametrize("action", [a for a in Action if a is not Action.NOTE])
def test_after_the_end_everything_but_a_note_is_refused(action: Action) -> None:
    story = Story()
    story.press()
    story.resolve("ola", "a mistake")
    before = story.alarm
    decision = story.does("per", action, reason="again")
    assert decision.refusal is Refusal.ENDED
    assert (decision.alarm, decision.events) == (before, ())


def test_a_note_may_be_written_before_and_after_the_end() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.NOTE, text="two visitors")
    story.resolve("ola", "seen to")
    story.does("eva", Action.NOTE, text="talked with Kari")
    notes = [e.data for e in story.events[story.last] if e.kind is EventKind.NOTED]
    assert notes == [{"text": "two visitors"}, {"text": "talked with Kari"}]


def test_everyone_who_was_told_gets_the_all_clear_once_by_text_and_nobody_else() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, team("guards"), by=("voice",))))
    story.arrives = True
    story.press()
    story.wait(30)
    story.resolve("ola", "seen to")
    assert all_clears(story) == [("ola", "sms"), ("per", "sms"), ("siv", "sms")]
    over = [n for n in story.alarm.notifications if n.purpose is Purpose.ALL_CLEAR]
    assert {(n.step, n.round) for n in over} == {(0, 0)}, "it belongs to no step"


@pytest.mark.parametrize("said", [Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED])
def test_one_who_was_never_told_and_comes_all_the_same_gets_the_all_clear(said: Action) -> None:
    """He has seen it on a console, and would run on into the building."""
    story = Story(answered_by(step(0, Target(TargetKind.PERSON, "ola"))), arrives=True)
    story.press()
    story.does("siv", said)
    story.does("per", Action.DECLINE)
    story.does("eva", Action.EN_ROUTE)
    story.does("eva", Action.CANCEL, reason="a mistake")
    assert all_clears(story) == [("ola", "sms"), ("siv", "sms")], "not who cannot come, nor who ended it"


def test_who_pressed_and_said_that_he_was_there_is_sent_nothing() -> None:
    story = Story(answered_by(step(0, Target(TargetKind.PERSON, "ola"))), arrives=True)
    story.happens(pressed_at_reception(Person("siv", "Siv Dal", "phone")))
    story.does("siv", Action.ARRIVED)
    story.does("eva", Action.CANCEL, reason="a mistake")
    assert all_clears(story) == [("ola", "sms")]


@pytest.mark.parametrize("pin", Pin)
def test_by_either_pin_one_who_comes_and_may_not_know_more_gets_it(pin: Pin) -> None:
    story = Story(answered_by(step(0, Target(TargetKind.PERSON, "ola"))), arrives=True)
    story.happens(pressed_at_reception(Person("siv", "Siv Dal", "phone")))
    story.does("kari", Action.EN_ROUTE)
    story.pin("siv", pin)
    assert ("kari", "sms") in all_clears(story)


def test_the_all_clear_never_goes_by_call() -> None:
    voice_first = person("ola", "guard", contact=(Contact("voice", "+4790000001"), Contact("email", "ola@example.org")))
    voice_only = person("per", "guard", contact=(Contact("voice", "+4790000002"),))
    people = {**office().people, "ola": voice_first, "per": voice_only}
    story = Story(answered_by(step(0, team("guards"), by=("voice",)), people=people), arrives=True)
    story.press()
    story.resolve("siv", "seen to")
    assert all_clears(story) == [("ola", "email"), ("siv", "sms")]


def test_when_the_all_clear_fails_the_next_written_contact_carries_it_and_never_a_call() -> None:
    contacts = (Contact("sms", "+4790000001"), Contact("voice", "+4790000001"), Contact("email", "ola@example.org"))
    people = {**office().people, "ola": person("ola", "guard", contact=contacts)}
    story = Story(answered_by(step(0, Target(TargetKind.PERSON, "ola")), people=people))
    story.press()
    story.resolve("per", "seen to")
    story.report(story.attempt("ola", "sms").id, AttemptState.FAILED)
    assert all_clears(story) == [("ola", "sms"), ("ola", "email")]
    story.report(story.attempt("ola", "email").id, AttemptState.FAILED)
    assert all_clears(story) == [("ola", "sms"), ("ola", "email")]
    assert story.told("voice") == []
    assert story.due[story.last] is None


def test_one_whom_no_message_reached_gets_no_all_clear() -> None:
    story = Story(answered_by(step(0, team("guards"), by=("sms", "voice"))))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    for channel, state in (("sms", AttemptState.WITHDRAWN), ("voice", AttemptState.FAILED)):
        story.report(story.attempt("per", channel).id, state)
    story.report(story.attempt("siv", "sms").id, AttemptState.UNKNOWN)
    story.resolve("eva", "seen to")
    assert [who for who, _ in all_clears(story)] == ["siv", "ola"], "siv may have been told, and ola comes"


LEAVES = (AttemptState.UNKNOWN, AttemptState.ACCEPTED, AttemptState.DELIVERED)


@pytest.mark.parametrize("left", LEAVES)
def test_of_whom_it_is_known_after_the_end_that_he_was_told_hears_of_the_end_then(left: AttemptState) -> None:
    story = Story(answered_by(step(0, team("guards"), by=("sms", "voice"))))
    story.press()
    story.resolve("eva", "seen to")
    assert all_clears(story) == []
    text, call = (story.attempt("per", channel).id for channel in ("sms", "voice"))
    for attempt in (text, call):
        story.report(attempt, left)
    story.report(text, AttemptState.SEEN)
    for channel in ("sms", "voice"):
        story.report(story.attempt("siv", channel).id, AttemptState.WITHDRAWN)
    assert all_clears(story) == [("per", "sms")]
    story.report(story.attempt("per", "sms").id, AttemptState.DELIVERED)
    assert all_clears(story) == [("per", "sms")]
    assert story.folded(story.last) == story.alarm


@pytest.mark.parametrize("pin", Pin)
def test_by_either_pin_that_one_hears_of_the_end_then_who_may_not_know_more(pin: Pin) -> None:
    office_wide = answered_by(step(0, Target(TargetKind.COLLEAGUES, "site"), team("guards"), by=("sms",)))
    story = Story(replace(office_wide, chains={**office_wide.chains, "duress": office().chains["duress"]}))
    by = Person("siv", "Siv Dal", "phone")
    story.happens(pressed_at_reception(by))
    told = story.attempt("kari", "sms").id
    story.pin("siv", pin)
    assert all_clears(story) == []
    story.report(told, AttemptState.DELIVERED)
    assert all_clears(story) == [("kari", "sms")]
    assert {n.person for n in story.alarm.notifications if n.purpose is Purpose.STEP} >= {"kari", "ola"}


def test_who_has_pressed_since_is_told_nothing_of_the_end_whatever_had_left() -> None:
    story = Story(answered_by(step(0, team("guards"), by=("sms", "voice"))))
    story.press()
    story.report(story.attempt("siv", "sms").id, AttemptState.DELIVERED)
    story.happens(pressed_at_reception(Person("siv", "Siv Dal", "phone")))
    story.resolve("eva", "seen to")
    story.report(story.attempt("siv", "voice").id, AttemptState.ANSWERED)
    assert all_clears(story) == []


def test_where_a_fault_has_gone_what_left_late_makes_nobody_come_and_needs_no_all_clear() -> None:
    story = Story(answered_by(step(0, team("guards"), by=("sms",))))
    story.fault("provider:voice")
    story.mended("provider:voice")
    story.report(story.attempt("ola", "sms").id, AttemptState.DELIVERED)
    assert all_clears(story) == []


def test_a_chain_may_want_no_all_clear() -> None:
    story = Story(answered_by(step(0, team("guards")), all_clear=False))
    story.press()
    story.resolve("ola", "seen to")
    assert all_clears(story) == []


def test_the_all_clear_leaves_when_nothing_else_may() -> None:
    story = Story()
    story.press()
    story.resolve("ola", "seen to")
    tells = [e for e in story.effects if isinstance(e, Tell)]
    assert {t.purpose for t in tells if still_wanted(story.alarm, t)} == {Purpose.ALL_CLEAR}


def test_the_end_stops_calls_that_ring() -> None:
    story = called(Acknowledge(needed=3))
    story.resolve("eva", "seen to")
    assert ended_calls(story) == ["CA-ola", "CA-per", "CA-siv"]


@pytest.mark.parametrize("again", [None, Action.DECLINE])
def test_who_was_late_and_may_come_all_the_same_hears_of_the_end(again: Action | None) -> None:
    chain = (step(0, one("ola"), by=("sms",)), step(900, one("per")))
    story = Story(answered_by(*chain, acknowledge=Acknowledge(arrive_within=seconds(60))), arrives=True)
    story.press()
    story.does("eva", Action.EN_ROUTE)
    story.wait(61)
    assert story.alarm.responders == ()
    if again is not None:
        story.does("eva", Action.EN_ROUTE)
        story.does("eva", again)
    story.does("ola", Action.CANCEL, reason="mistake")
    assert ("eva" in [who for who, _ in all_clears(story)]) is (again is None)
