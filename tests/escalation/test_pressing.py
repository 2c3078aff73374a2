"""Signals: what opens an alarm, what joins it, what makes it stronger, and what sounds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alarmd.alarm.effects import EndCall, Feedback, Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, DeadlinePassed, Pressed
from alarmd.alarm.model import AttemptState, Device, Kind, NextStep, Person, State
from alarmd.escalation.decide import decide
from alarmd.escalation.pressing import Opening, kind_of
from alarmd.organisation.model import Acknowledge, Chain, Joining, Organisation, Target, TargetKind
from tests.escalation.stories import GUARDS, TWO
from tests.support.effort import effort
from tests.support.organisations import ANYBODY, answered_by, office, role, seconds, step, team
from tests.support.story import BEGAN, Story


def last_signal(story: Story) -> dict[str, object]:
    kinds = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)
    return dict(next(e.data for e in reversed(story.events[story.last]) if e.kind in kinds))


def by_voice(organisation: Organisation) -> Organisation:
    """The same, and the weaker chain calls."""
    assist = organisation.chains["assist"]
    steps = tuple(replace(each, by=("voice",)) for each in assist.steps)
    return replace(organisation, chains={**organisation.chains, "assist": replace(assist, steps=steps)})


def by_strength(weaker: Acknowledge, stronger: Acknowledge) -> Story:
    """Ola is asked to stand nearby (assist); when it becomes a panic, Per, and Siv 20 s later."""
    ola, per, siv = (Target(TargetKind.PERSON, name) for name in GUARDS)
    assist = Chain("assist", (step(0, ola), step(30, role("manager"))), acknowledge=weaker)
    panic = Chain("panic", (step(0, per), step(20, siv)), frozenset({Kind.PANIC}), acknowledge=stronger)
    return Story(office(chains={"assist": assist, "panic": panic}), arrives=True)


# What a signal opens.


def test_a_press_opens_an_alarm_with_its_chain_its_version_and_its_place() -> None:
    alarm = Story().press("desk-3", ref="r-1", note="shouting", pressed_at="2027-03-01T08:59:58Z")
    assert (alarm.state, alarm.kind, alarm.site, alarm.chain) == (State.RAISED, Kind.PANIC, "fjordvik", "panic")
    assert (alarm.organisation, alarm.code, alarm.needed, alarm.drill) == (1, "47", 1, False)
    signal = alarm.first
    assert (signal.device, signal.zone, signal.ref) == ("desk-3", "fjordvik/reception", "r-1")
    assert (signal.note, signal.pressed_at, signal.at) == ("shouting", "2027-03-01T08:59:58Z", BEGAN)


@pytest.mark.parametrize("kind", [None, Kind.DURESS])
def test_what_opens_an_alarm_or_makes_it_stronger_sounds_however_soon_it_comes(kind: Kind | None) -> None:
    story = Story()
    story.press("desk-3")
    assert last_signal(story)["sounds"] is True
    story.press("desk-3", kind)
    assert last_signal(story)["sounds"] is (kind is Kind.DURESS), "the same again is one movement of the hand"


@pytest.mark.parametrize(
    ("device", "asked", "fault", "kind"),
    [
        ("desk-3", None, None, Kind.PANIC),
        ("desk-3", Kind.ASSIST, None, Kind.ASSIST),
        ("room-2", None, None, Kind.ASSIST),
        ("desk-3", None, "no JSON", Kind.ASSIST),
        ("desk-3", Kind.PANIC, "no JSON", Kind.ASSIST),
        ("under-desk-2", None, "no JSON", Kind.DURESS),
        ("under-desk-2", Kind.ASSIST, None, Kind.ASSIST),
        (None, None, None, Kind.PANIC),
        (None, Kind.MEDICAL, None, Kind.MEDICAL),
    ],
)
def test_the_kind_is_the_one_asked_for_else_the_devices_own_and_unreadable_signals_raise_too(
    device: str | None, asked: Kind | None, fault: str | None, kind: Kind
) -> None:
    assert kind_of(Pressed(Device(device or ""), device=device, kind=asked, fault=fault), office()) is kind


def test_an_unreadable_signal_says_what_was_wrong_with_it() -> None:
    story = Story()
    story.press("desk-3", fault="no JSON")
    assert last_signal(story)["fault"] == "no JSON"
    assert story.alarm.first.fault == "no JSON"


def test_a_person_presses_without_a_device_and_no_light_answers() -> None:
    story = Story()
    alarm = story.happens(Pressed(Person("kari", "Kari Berg", "phone"), zone="fjordvik/room-2", kind=Kind.PANIC))
    assert (alarm.site, alarm.first.zone, alarm.first.device) == ("fjordvik", "fjordvik/room-2", None)
    assert not [e for e in story.effects if isinstance(e, Feedback)]


def test_a_drill_opens_its_own_and_marks_every_signal() -> None:
    story = Story()
    real = story.press("desk-3")
    drill = story.press("desk-3", drill=True)
    assert drill.id != real.id
    assert drill.drill
    assert last_signal(story)["drill"] is True
    assert story.press("desk-3").id == real.id, "a real press never joins the drill"


# What joins.


def test_a_joined_press_counts_and_tells_nobody_again() -> None:
    story = Story()
    first = story.press("desk-3")
    told = [e for e in story.effects if isinstance(e, Tell)]
    story.wait(2)
    joined = story.press("desk-4", ref="r-2")
    assert joined.id == first.id
    assert len(joined.signals) == 2
    assert story.kinds()[-1] is EventKind.JOINED
    assert [e for e in story.effects if isinstance(e, Tell)] == told
    assert joined.next == first.next, "the chain's clock goes on as it was"


def test_a_press_on_an_acknowledged_alarm_does_not_lower_its_state_and_sounds_on_consoles() -> None:
    story = Story()
    story.press("desk-3")
    story.does("ola", Action.EN_ROUTE)
    story.wait(10)
    story.press("desk-3", ref="r-2")
    assert story.state() is State.ACKNOWLEDGED
    assert last_signal(story)["sounds"] is True
    assert story.shown("desk-3")[-1] == "en_route"


@pytest.mark.parametrize(
    ("after", "device", "sounds"),
    [
        (0.5, "desk-3", False),
        (1, "desk-3", False),
        (1.001, "desk-3", True),
        (0.5, "desk-4", True),
        (-60, "desk-3", True),
    ],
)
def test_a_press_within_settle_joins_and_sounds_nothing_again(after: float, device: str, sounds: bool) -> None:
    story = Story()
    story.press("desk-3", ref="r-1")
    story.now += seconds(after)
    story.press(device, ref="r-2")
    assert [s.ref for s in story.alarm.signals] == ["r-1", "r-2"], "every ref is a signal of its own"
    assert last_signal(story)["sounds"] is sounds


def test_every_press_of_a_device_is_answered_by_its_ref() -> None:
    story = Story()
    for ref in ("r-1", "r-2"):
        story.press("desk-3", ref=ref)
    story.press("desk-3", Kind.DURESS, ref="r-3")
    story.press("desk-4", ref="r-4")
    answered = [(e.device, e.ref) for e in story.effects if isinstance(e, Feedback)]
    for expected in (("desk-3", "r-1"), ("desk-3", "r-2"), ("desk-3", "r-3"), ("desk-4", "r-4")):
        assert expected in answered


def test_the_answer_to_the_button_goes_before_everything_else() -> None:
    story = Story()
    story.press("desk-3", ref="r-1")
    assert isinstance(story.effects[0], Feedback)
    story.press("desk-3", Kind.DURESS, ref="r-2")
    after = story.effects[story.effects.index(next(e for e in story.effects if getattr(e, "ref", "") == "r-2")) :]
    assert isinstance(after[0], Feedback)
    assert any(isinstance(e, Tell) for e in after)


def test_nothing_joins_where_the_organisation_wants_it_so() -> None:
    story = Story(office(joining=Joining(same_device=False)))
    assert story.press("desk-3").id != story.press("desk-3").id


# What grows stronger.


def test_a_stronger_kind_on_the_same_device_starts_its_own_chain_at_that_moment() -> None:
    story = by_strength(ANYBODY, TWO)
    first = story.press("room-2")
    assert story.steps() == [(0, 1, ["ola"])]
    story.wait(10)
    alarm = story.press("room-2", Kind.PANIC)
    assert alarm.id == first.id
    assert (alarm.kind, alarm.chain, alarm.needed) == (Kind.PANIC, "panic", 2)
    story.wait(20)
    assert story.steps() == [(0, 1, ["ola"]), (10, 1, ["per"]), (30, 2, ["siv"])]


def test_a_stronger_kind_takes_the_chain_of_the_alarms_own_version() -> None:
    story = by_strength(ANYBODY, TWO)
    alarm = story.press("room-2")
    newest = answered_by(step(0, role("manager")))
    opening = Opening(newest, 2, "11", (alarm,), {1: story.organisation})
    pressed = Pressed(Device("room-2"), device="room-2", kind=Kind.PANIC)
    story.take(decide(pressed, opening, story.now, story.new_id))
    assert story.alarm.chain == "panic"
    assert story.steps()[-1] == (0, 1, ["per"])


def test_a_weaker_or_equal_kind_on_the_same_device_changes_nothing() -> None:
    story = by_strength(ANYBODY, TWO)
    story.press("room-2", Kind.PANIC)
    story.press("room-2", Kind.ASSIST)
    assert story.kinds()[-1] is EventKind.JOINED
    assert story.alarm.kind is Kind.PANIC


def test_those_who_come_for_the_weaker_kind_are_counted_anew() -> None:
    story = by_strength(ANYBODY, Acknowledge(frozenset({"manager"})))
    story.press("room-2")
    story.does("ola", Action.ACKNOWLEDGE)
    story.does("siv", Action.DECLINE)
    story.press("room-2", Kind.PANIC)
    assert story.state() is State.RAISED
    ola = story.alarm.responder("ola")
    assert ola is not None
    assert (ola.counts, ola.arrive_by, ola.coming) == (False, None, True)
    story.wait(20)
    assert story.steps() == [(0, 1, ["ola"]), (0, 1, ["per"]), (20, 2, ["siv"])], "the clock goes on without him"


def test_one_who_counts_only_for_the_stronger_kind_is_waited_for_from_then_on() -> None:
    story = by_strength(
        Acknowledge(frozenset({"manager"})), Acknowledge(frozenset({"guard"}), arrive_within=seconds(60))
    )
    story.press("room-2")
    story.does("ola", Action.ACKNOWLEDGE)
    assert story.state() is State.RAISED
    story.wait(10)
    story.press("room-2", Kind.PANIC)
    assert story.state() is State.ACKNOWLEDGED
    assert story.due[story.last] == story.now + seconds(60)
    story.wait(60)
    assert story.state() is State.RAISED
    assert story.steps()[-1] == (70, 2, ["siv"])


def test_one_who_has_arrived_for_the_weaker_kind_may_be_enough_for_the_stronger() -> None:
    story = by_strength(Acknowledge(frozenset({"manager"})), Acknowledge(frozenset({"guard"})))
    story.press("room-2")
    story.does("ola", Action.ARRIVED)
    assert story.state() is State.RAISED
    story.press("room-2", Kind.PANIC)
    assert story.state() is State.ATTENDED
    assert EventKind.ATTENDED in story.kinds()


def test_an_attended_alarm_that_grows_stronger_may_need_more() -> None:
    story = by_strength(ANYBODY, TWO)
    story.press("room-2")
    story.does("ola", Action.ARRIVED)
    assert story.state() is State.ATTENDED
    story.press("room-2", Kind.PANIC)
    assert story.state() is State.ACKNOWLEDGED
    story.wait(20)
    assert story.steps()[1:] == [(0, 1, ["per"]), (20, 2, ["siv"])]


def test_an_attended_alarm_stays_attended_when_those_there_are_enough_for_the_stronger_kind() -> None:
    story = by_strength(ANYBODY, ANYBODY)
    story.press("room-2")
    story.does("ola", Action.ARRIVED)
    story.press("room-2", Kind.PANIC)
    assert story.state() is State.ATTENDED
    assert story.kinds().count(EventKind.ATTENDED) == 1


def test_the_first_step_of_the_stronger_kind_is_done_even_when_enough_are_coming_and_then_the_clock_stands() -> None:
    story = by_strength(ANYBODY, ANYBODY)
    story.arrives = False
    story.press("room-2")
    story.does("ola", Action.ACKNOWLEDGE)
    story.press("room-2", Kind.PANIC)
    assert story.steps() == [(0, 1, ["ola"]), (0, 1, ["per"])]
    assert story.alarm.next == NextStep(2, 1, None)
    story.wait(200)
    assert story.told("voice") == ["per", "ola"], "by their other contacts too"
    assert len(story.steps()) == 2
    story.wait(100)
    assert story.steps()[2:] == [(300, 2, ["siv"])], "when Ola does not arrive it goes on"


# Always.


def test_the_thousandth_press_is_taken_as_quickly_as_the_second() -> None:
    button = office().devices["desk-3"]
    story = Story(office(devices={f"button-{n}": replace(button, id=f"button-{n}") for n in range(1002)}))
    story.press("button-0")
    second = effort(lambda: story.press("button-1"))
    for n in range(2, 1001):
        story.press(f"button-{n}")
    assert len(story.alarm.signals) == 1001
    assert effort(lambda: story.press("button-1001")) <= second
    assert effort(lambda: story.press("button-5")) <= second


def test_the_same_inputs_give_the_same_decision() -> None:
    def once() -> Story:
        story = Story()
        story.press("desk-3")
        story.wait(300)
        story.does("ola", Action.ARRIVED)
        return story

    one, two = once(), once()
    assert (one.events, one.effects, one.due) == (two.events, two.effects, two.due)


def test_an_alarm_not_yet_attended_always_has_a_due_time() -> None:
    story = Story()
    story.press("desk-3")
    for _ in range(40):
        assert story.due[story.last] is not None
        story.now = max(story.now, story.due[story.last] or story.now) + timedelta(milliseconds=1)
        story.happens(DeadlinePassed(story.last))


# Calls that ring while somebody presses.


def test_who_presses_himself_is_not_rung_any_more() -> None:
    ola, per = (Target(TargetKind.PERSON, name) for name in GUARDS[:2])
    story = Story(answered_by(step(0, ola, per, by=("voice",))))
    alarm = story.press("desk-3")
    for person in ("ola", "per"):
        story.report(story.attempt(person, "voice").id, AttemptState.ACCEPTED, provider=f"CA-{person}")
    assert alarm.first.zone is not None
    story.happens(Pressed(Person("ola", "Ola Nes", "phone"), zone=alarm.first.zone, kind=Kind.PANIC))
    assert [e.provider for e in story.effects if isinstance(e, EndCall)] == ["CA-ola"]


def test_calls_that_a_stronger_chain_has_no_use_for_are_ended() -> None:
    story = by_strength(Acknowledge(needed=2), Acknowledge(needed=1))
    story.arrives = False
    story.organisation = by_voice(story.organisation)
    story.press("room-2", kind=Kind.ASSIST)
    story.report(story.attempt("ola", "voice").id, AttemptState.ACCEPTED, provider="CA-ola")
    story.does("eva", Action.ACKNOWLEDGE)
    assert not [e for e in story.effects if isinstance(e, EndCall)], "another one is needed"
    story.press("room-2", kind=Kind.PANIC)
    assert [e.provider for e in story.effects if isinstance(e, EndCall)] == ["CA-ola"]


def test_a_stronger_kind_takes_the_chain_of_its_site() -> None:
    here = Chain("here", (step(0, team("guards")),), frozenset({Kind.PANIC}), frozenset({"fjordvik"}))
    story = Story(replace(office(), chains={**office().chains, "here": here}))
    story.press("room-2")
    assert story.press("room-2", Kind.PANIC).chain == "here"
