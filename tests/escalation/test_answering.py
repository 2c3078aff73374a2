"""What people answer: coming, on the way, there, cannot; and how they are then left in peace."""

import pytest

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Answered, Pressed
from alarmd.alarm.model import AttemptState, Kind, Person, ResponderState, State
from alarmd.escalation.answering import counted
from alarmd.escalation.receipts import still_wanted
from alarmd.organisation.model import Acknowledge, Repeat, Target, TargetKind
from tests.escalation.stories import TWO, called, ended_calls, pressed_at_reception
from tests.support.organisations import answered_by, role, seconds, step, team
from tests.support.story import Story

GUARDS_ALONE = Acknowledge(frozenset({"guard"}))


def states(story: Story) -> dict[str, ResponderState]:
    return {r.person: r.state for r in story.alarm.responders}


# Coming.


def test_the_first_acknowledgement_makes_the_alarm_acknowledged() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.state() is State.ACKNOWLEDGED
    assert states(story) == {"ola": ResponderState.ACKNOWLEDGED}


def test_acknowledging_what_is_acknowledged_adds_a_responder() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    decision = story.does("per", Action.ACKNOWLEDGE)
    assert decision.refusal is None
    assert list(states(story)) == ["ola", "per"]


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        (Action.EN_ROUTE, [EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE]),
        (Action.ARRIVED, [EventKind.ACKNOWLEDGED, EventKind.ARRIVED, EventKind.ATTENDED]),
    ],
)
def test_on_my_way_and_arrived_acknowledge_too(action: Action, kinds: list[EventKind]) -> None:
    story = Story()
    story.press()
    decision = story.does("ola", action)
    assert [e.kind for e in decision.events] == kinds


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (Action.ACKNOWLEDGE, Action.ACKNOWLEDGE),
        (Action.EN_ROUTE, Action.ACKNOWLEDGE),
        (Action.EN_ROUTE, Action.EN_ROUTE),
        (Action.ARRIVED, Action.ACKNOWLEDGE),
        (Action.ARRIVED, Action.EN_ROUTE),
        (Action.ARRIVED, Action.ARRIVED),
        (Action.DECLINE, Action.DECLINE),
    ],
)
def test_saying_the_same_or_less_again_changes_nothing_and_is_no_error(said: Action, again: Action) -> None:
    story = Story()
    story.press()
    story.does("ola", said)
    before = story.alarm
    decision = story.does("ola", again)
    assert (decision.refusal, decision.events, decision.effects) == (None, (), ())
    assert decision.alarm == before


def test_on_my_way_keeps_the_time_that_was_promised_and_being_there_needs_none() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    promised = story.now + seconds(300)
    story.wait(60)
    story.does("ola", Action.EN_ROUTE)
    assert story.alarm.responders[0].arrive_by == promised
    story.does("ola", Action.ARRIVED)
    assert story.alarm.responders[0].arrive_by is None


def test_it_is_attended_when_as_many_as_are_needed_have_arrived() -> None:
    story = Story(answered_by(step(0, team("guards")), step(60, role("manager")), acknowledge=TWO), arrives=True)
    story.press()
    story.does("ola", Action.ARRIVED)
    assert story.state() is State.ACKNOWLEDGED
    story.wait(60)
    assert story.steps()[1:] == [(60, 2, ["eva"])], "steps go on until enough are coming"
    story.does("per", Action.EN_ROUTE)
    assert story.state() is State.ACKNOWLEDGED
    assert story.alarm.next is not None
    assert story.alarm.next.at is None
    story.does("per", Action.ARRIVED)
    assert story.state() is State.ATTENDED
    assert story.due[story.last] is None


def test_one_outside_the_roles_is_shown_as_coming_and_does_not_count() -> None:
    story = Story(answered_by(step(0, team("guards")), step(60, role("manager")), acknowledge=GUARDS_ALONE))
    story.arrives = True
    story.press()
    story.does("kari", Action.ARRIVED)
    assert story.state() is State.RAISED
    assert states(story) == {"kari": ResponderState.ARRIVED}
    assert not story.alarm.responders[0].counts
    assert story.alarm.responders[0].arrive_by is None
    assert story.shown("desk-3")[-1] == "arrived"
    story.wait(60)
    assert story.steps()[1:] == [(60, 2, ["eva"])]


@pytest.mark.parametrize(
    ("who", "roles", "counts"),
    [
        ("ola", {"guard"}, True),
        ("kari", {"guard"}, False),
        ("kari", {"guard", "staff"}, True),
        ("kari", set(), True),
        ("stranger", set(), True),
        ("stranger", {"guard"}, False),
        ("eva", {"manager"}, False),
    ],
)
def test_who_counts(who: str, roles: set[str], counts: bool) -> None:
    organisation = answered_by(step(0, team("guards")), acknowledge=Acknowledge(frozenset(roles)))
    assert counted(who, {"eva"}, organisation.chains["only"], organisation) == counts


def test_one_who_comes_after_it_is_attended_is_shown_and_changes_nothing_else() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ARRIVED)
    story.does("per", Action.EN_ROUTE)
    assert story.state() is State.ATTENDED
    assert states(story)["per"] is ResponderState.EN_ROUTE
    story.wait(600)
    assert story.state() is State.ATTENDED


# Who pressed.


@pytest.mark.parametrize("said", [Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED])
def test_who_pressed_is_shown_and_does_not_count_so_nobody_can_force_him_to_end_the_search(said: Action) -> None:
    story = Story(answered_by(step(0, team("guards")), step(60, role("manager"))), arrives=True)
    story.happens(pressed_at_reception(Person("kari", "Kari Moen", "phone")))
    story.does("kari", said, "phone")
    assert (story.state(), story.alarm.responders[0].counts) == (State.RAISED, False)
    assert story.alarm.responders[0].arrive_by is None
    story.wait(60)
    assert story.steps()[1:] == [(60, 2, ["eva"])]
    story.does("kari", Action.DECLINE, "phone")
    story.does("ola", Action.ARRIVED)
    assert story.state() is State.ATTENDED, "and nobody is hindered by him"


def test_one_who_could_not_come_and_presses_himself_later_does_not_count_either() -> None:
    story = Story(answered_by(step(0, team("guards")), step(60, role("manager"))), arrives=True)
    story.press()
    story.does("ola", Action.DECLINE)
    story.happens(pressed_at_reception(Person("ola", "Ola Nes", "phone")))
    assert len(story.alarms) == 1
    assert not story.alarm.responders[0].counts
    story.does("ola", Action.ARRIVED, "phone")
    assert story.state() is State.RAISED
    story.wait(60)
    assert story.steps()[1:] == [(60, 2, ["eva"])]


def test_whose_press_made_it_stronger_does_not_count_for_the_stronger_kind() -> None:
    story = Story(answered_by(step(0, team("guards"))), arrives=True)
    story.happens(Pressed(Person("kari", "Kari Moen", "phone"), zone="fjordvik/reception", kind=Kind.ASSIST))
    story.does("kari", Action.ARRIVED, "phone")
    story.happens(Pressed(Person("kari", "Kari Moen", "phone"), zone="fjordvik/reception", kind=Kind.PANIC))
    assert story.kinds().count(EventKind.UPGRADED) == 1
    assert (story.state(), story.alarm.responders[0].counts) == (State.RAISED, False)


# Cannot.


def test_one_who_cannot_changes_nothing_for_the_others() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))), arrives=True)
    story.press()
    story.does("per", Action.DECLINE)
    assert story.state() is State.RAISED
    story.wait(20)
    assert story.steps()[1:] == [(20, 2, ["eva"])]


def test_when_the_only_one_coming_declines_the_next_step_is_done_at_once() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))), arrives=True)
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.wait(100)
    story.does("per", Action.DECLINE)
    assert story.state() is State.RAISED
    assert story.steps()[1:] == [(100, 2, ["eva"])]


def test_when_one_of_two_declines_it_stays_acknowledged_and_the_chain_goes_on_if_two_are_needed() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager")), acknowledge=TWO), arrives=True)
    story.press()
    story.does("per", Action.ACKNOWLEDGE)
    story.does("ola", Action.ACKNOWLEDGE)
    story.wait(100)
    story.does("per", Action.DECLINE)
    assert story.state() is State.ACKNOWLEDGED
    assert story.steps()[1:] == [(100, 2, ["eva"])]


def test_one_who_declined_may_come_after_all() -> None:
    story = Story()
    story.press()
    story.does("per", Action.DECLINE)
    story.does("per", Action.EN_ROUTE)
    assert states(story) == {"per": ResponderState.EN_ROUTE}
    assert story.state() is State.ACKNOWLEDGED


def test_one_who_declined_and_is_asked_again_may_decline_again() -> None:
    """Else his other contact would be tried although he has just answered."""
    story = Story(answered_by(step(0, Target(TargetKind.PERSON, "ola")), repeat=Repeat(1, seconds(60))))
    story.press()
    story.does("ola", Action.DECLINE, "sms")
    story.wait(60)
    assert story.told("sms") == ["ola", "ola"]
    decision = story.does("ola", Action.DECLINE, "sms")
    assert [e.kind for e in decision.events] == [EventKind.DECLINED]
    story.wait(59)
    assert story.told("voice") == []


# One who has answered is left in peace.


@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.DECLINE])
def test_one_who_has_answered_is_not_tried_by_his_other_contacts(action: Action) -> None:
    story = Story(answered_by(step(0, team("guards")), acknowledge=TWO))
    story.press()
    story.does("ola", action)
    story.wait(3)
    assert story.told("voice") == ["per", "siv"]


def test_a_text_to_one_who_has_answered_meanwhile_does_not_leave() -> None:
    story = Story(answered_by(step(0, team("guards")), acknowledge=TWO))
    story.press()
    texts = {e.person: e for e in story.effects if isinstance(e, Tell)}
    story.does("ola", Action.ACKNOWLEDGE)
    assert not still_wanted(story.alarm, texts["ola"])
    assert still_wanted(story.alarm, texts["per"])


@pytest.mark.parametrize("said", [Action.ACKNOWLEDGE, Action.DECLINE])
def test_a_call_that_rings_is_ended_for_one_who_has_answered_elsewhere(said: Action) -> None:
    story = called(TWO)
    story.does("ola", said, "sms")
    assert ended_calls(story) == ["CA-ola"]


def test_a_call_by_which_he_answers_is_not_cut_off() -> None:
    story = called(TWO)
    story.does("ola", Action.DECLINE, "voice")
    assert ended_calls(story) == []


def test_calls_that_ring_are_ended_once_enough_are_coming() -> None:
    story = called()
    story.does("ola", Action.ACKNOWLEDGE, "voice")
    assert ended_calls(story) == ["CA-per", "CA-siv"]
    story.does("per", Action.ACKNOWLEDGE)
    assert ended_calls(story) == ["CA-per", "CA-siv"], "none is ended twice"


def test_calls_that_do_not_ring_are_left_alone() -> None:
    story = called()
    story.report(story.attempt("per", "voice").id, AttemptState.ANSWERED)
    story.report(story.attempt("siv", "voice").id, AttemptState.FAILED)
    story.does("ola", Action.ACKNOWLEDGE, "voice")
    assert ended_calls(story) == []


def test_a_call_that_the_provider_takes_too_late_is_ended_at_once() -> None:
    story = Story(answered_by(step(0, team("guards"), by=("voice",))))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.report(story.attempt("per", "voice").id, AttemptState.ACCEPTED, provider="CA-per")
    assert ended_calls(story) == ["CA-per"]


def test_those_who_are_asked_for_while_enough_are_coming_are_really_told() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager")), acknowledge=Acknowledge()))
    story.press()
    story.does("ola", Action.ARRIVED)
    before = len(story.effects)
    story.does("ola", Action.ESCALATE)
    (text,) = [e for e in story.effects[before:] if isinstance(e, Tell)]
    assert (text.person, text.channel) == ("eva", "sms")
    assert still_wanted(story.alarm, text)
    story.wait(3)
    assert story.told("voice") == ["eva"], "and by their other contacts when that fails"
    story.resolve("ola")
    assert not still_wanted(story.alarm, text)


def test_an_answer_carries_who_and_how() -> None:
    story = Story()
    story.press()
    ola = Person("ola", "Ola Nes", "sms")
    story.happens(Answered(story.last, Action.ACKNOWLEDGE, ola))
    assert story.events[story.last][-1].by == ola


def test_one_who_was_asked_for_later_is_left_in_peace_once_he_answers() -> None:
    story = Story(answered_by(step(0, team("guards")), step(20, role("manager"))))
    story.press()
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("ola", Action.ESCALATE)
    story.does("eva", Action.DECLINE)
    story.wait(60)
    assert story.told("voice") == []
    assert not any(still_wanted(story.alarm, e) for e in story.effects if isinstance(e, Tell))


def test_an_attended_alarm_tells_nobody_however_long_it_stays_open() -> None:
    story = Story()
    story.press()
    story.does("ola", Action.ARRIVED)
    told = len([e for e in story.effects if isinstance(e, Tell)])
    story.wait(120 * 86400)
    assert len([e for e in story.effects if isinstance(e, Tell)]) == told
