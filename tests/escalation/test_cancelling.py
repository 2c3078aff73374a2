"""A cancel by PIN: honest or under duress, it looks the same from where the presser stands. Under duress it is none."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from alarmd.alarm.detail import detail
from alarmd.alarm.effects import Effect, Feedback, Tell
from alarmd.alarm.events import Event, EventKind, wire
from alarmd.alarm.incoming import Action, Answered, Pin
from alarmd.alarm.lifecycle import by_pin, faced
from alarmd.alarm.model import AttemptState, Kind, Person, Purpose, State
from alarmd.alarm.view import summary
from alarmd.escalation.draft import Refusal
from alarmd.escalation.receipts import still_wanted
from alarmd.escalation.veil import is_behind, seen_by
from alarmd.organisation.model import Acknowledge, Chain, Joining, Organisation, Target, TargetKind, TellPresser
from tests.escalation.stories import GUARDS, ended_calls, one, pressed_at_reception
from tests.support.organisations import answered_by, office, person, role, step, team
from tests.support.story import Story

KARI = Person("kari", "Kari Fjord", "phone")
COLLEAGUES = {
    "nils": person("nils", "staff", at="fjordvik/reception"),
    "siri": person("siri", "staff", at="fjordvik/room-2"),
}


def staffed(organisation: Organisation | None = None, **changed: object) -> Organisation:
    """The office with two more colleagues, one of them where desk-3 is; `changed` in every chain."""
    office_ = organisation or office()
    chains = {id: replace(chain, **changed) for id, chain in office_.chains.items()}  # type: ignore[arg-type]  # fields of Chain
    return replace(office_, people={**office_.people, **COLLEAGUES}, chains=chains)


def running_out() -> Organisation:
    """A duress chain with a step that reaches nobody, and an end; faults of it are told by text. Nothing joins. Tor is
    limited to no site."""
    short = (step(0, team("guards")), step(10, team("nobody")), step(20, team("guards")))
    chains = {
        **office().chains,
        "duress": Chain("duress", short, frozenset({Kind.DURESS})),
        "technical": Chain("technical", (step(0, role("manager"), by=("sms",)),), frozenset({Kind.TECHNICAL})),
    }
    people = {**office().people, "tor": person("tor", "staff")}
    return staffed(office(chains=chains, people=people, joining=Joining(same_device=False)))


def desk(story: Story) -> None:
    story.press("desk-3", ref="r-1")


def by_phone(story: Story) -> None:
    story.happens(replace(pressed_at_reception(KARI), ref="p-1"))


def silent(story: Story) -> None:
    story.press("under-desk-2", ref="r-1")


def two_desks_and_two_who_come(story: Story) -> None:
    desk(story)
    story.press("desk-4", ref="r-2")
    story.does("nils", Action.EN_ROUTE)
    story.does("ola", Action.EN_ROUTE)


def attended(story: Story) -> None:
    desk(story)
    story.does("ola", Action.ARRIVED)


def ringing(story: Story) -> None:
    desk(story)
    story.wait(25)


def drill(story: Story) -> None:
    story.press("desk-3", drill=True, ref="r-1")


def technical(story: Story) -> None:
    story.press("desk-3", Kind.TECHNICAL, ref="r-1")


def trial(story: Story) -> None:
    story.press("desk-3", Kind.TEST, ref="r-1")


BEFORE = [desk, by_phone, silent, two_desks_and_two_who_come, attended, ringing, drill, technical, trial]
"""What may have happened before somebody cancels."""
OFFICES = [staffed(), staffed(all_clear=False), staffed(tell_presser=TellPresser.YES)]


def cancelled(before: Callable[[Story], None], pin: Pin, organisation: Organisation | None = None) -> Story:
    """Kari cancels what has happened so far; what follows from that alone is in `effects`."""
    story = Story(organisation or staffed())
    before(story)
    story.effects.clear()
    assert story.pin("kari", pin).refusal is None
    return story


def tells(effects: Iterable[Effect], purpose: Purpose) -> list[tuple[str, str]]:
    return [(e.person, e.channel) for e in effects if isinstance(e, Tell) and e.purpose is purpose]


def steps(story: Story) -> list[str]:
    return [person for person, _ in tells(story.effects, Purpose.STEP)]


def all_clears(story: Story) -> list[str]:
    return [person for person, _ in tells(story.effects, Purpose.ALL_CLEAR)]


def lights(story: Story) -> list[tuple[str, str, str | None]]:
    return [(e.device, e.state, e.ref) for e in story.effects if isinstance(e, Feedback)]


def cancel_of(story: Story) -> Event:
    return next(e for e in story.events[story.last] if by_pin(e))


def behind(story: Story, people: Iterable[str]) -> list[str]:
    return [p for p in people if is_behind(story.alarm.veil, story.organisation, p)]


@pytest.mark.parametrize("organisation", OFFICES)
@pytest.mark.parametrize("before", BEFORE)
def test_nobody_behind_the_veil_can_tell_the_pins_apart(
    before: Callable[[Story], None], organisation: Organisation
) -> None:
    honest, duress = (cancelled(before, pin, organisation) for pin in Pin)
    assert honest.alarm.face is not None
    assert duress.alarm.face is not None
    assert detail(duress.alarm.face, [], []) == detail(honest.alarm.face, [], [])
    given = [wire(faced(cancel_of(story)), story.last, "fjordvik") for story in (honest, duress)]
    assert given[0] == given[1] == wire(cancel_of(honest), honest.last, "fjordvik")
    assert list(given[0]["data"]) == list(given[1]["data"])
    assert lights(duress) == lights(honest)
    assert all_clears(duress) == behind(duress, all_clears(honest)) == behind(honest, all_clears(honest))
    assert summary(honest.alarm.face) | {"version": honest.alarm.version} == summary(honest.alarm)


@pytest.mark.parametrize("before", BEFORE)
def test_under_duress_the_alarm_goes_on_as_duress_and_is_real(before: Callable[[Story], None]) -> None:
    story = cancelled(before, Pin.DURESS)
    alarm = story.alarm
    assert (alarm.kind, alarm.chain, alarm.drill, alarm.coerced) == (Kind.DURESS, "duress", False, True)
    assert not alarm.state.ended
    coming = {r.person for r in alarm.responders}
    assert steps(story) == [*(g for g in GUARDS if g not in coming), *coming]
    assert story.due[story.last] is not None
    assert story.folded(story.last) == alarm
    story.wait(20)
    assert set(tells(story.effects, Purpose.STEP)) >= {(who, "voice") for who in {*GUARDS, "eva"} - coming}


def test_an_honest_pin_ends_it_for_everybody() -> None:
    story = cancelled(desk, Pin.HONEST)
    assert (story.state(), story.alarm.coerced, story.due[story.last]) == (State.CANCELLED, False, None)
    assert cancel_of(story).data == {"reason": None, "pin": True}
    assert cancel_of(story).by == Person("kari", "Kari Fjord", "console")
    assert all_clears(story) == ["kari", "nils", *GUARDS]
    assert lights(story) == [("desk-3", "cancelled", "r-1")]
    assert story.folded(story.last) == story.alarm


def test_words_that_go_with_the_pin_are_kept_and_tell_nothing() -> None:
    honest, duress = Story(), Story()
    for story, pin in ((honest, Pin.HONEST), (duress, Pin.DURESS)):
        desk(story)
        story.pin("kari", pin, reason="bumped into it")
    assert faced(cancel_of(duress)) == cancel_of(honest)
    assert cancel_of(honest).data == {"reason": "bumped into it", "pin": True}


def test_those_behind_the_veil_hear_that_it_is_over_and_those_who_see_through_it_that_it_is_not() -> None:
    story = cancelled(desk, Pin.DURESS)
    assert (all_clears(story), steps(story)) == (["kari", "nils"], GUARDS)
    assert cancel_of(story).data["over_for"] == ["kari", "nils"]


def test_who_comes_and_may_not_know_is_not_counted_on_and_who_comes_and_knows_is_told() -> None:
    story = cancelled(two_desks_and_two_who_come, Pin.DURESS)
    assert [(r.person, r.counts) for r in story.alarm.responders] == [("ola", True)]
    assert sorted(steps(story)) == sorted(GUARDS)
    reasons = {
        e.data["person"]: e.data["reason"] for e in story.events[story.last][-6:] if e.kind is EventKind.NOTIFIED
    }
    assert reasons["ola"] == "duress_pin"


def test_one_who_could_not_come_to_it_is_asked_for_what_it_is_now_and_not_told_that_he_comes() -> None:
    story = Story(staffed())
    desk(story)
    story.does("per", Action.DECLINE)
    story.effects.clear()
    story.pin("kari")
    assert steps(story) == GUARDS
    assert story.alarm.responders == ()
    said = [e.data["reason"] for e in story.events[story.last] if e.data.get("person") == "per" and "reason" in e.data]
    assert said[-1] == "step_is_due"


def test_who_comes_and_is_unknown_to_the_alarms_organisation_may_not_know_either() -> None:
    """An alarm keeps the organisation with which it began; who came into it later may have answered all the same."""
    story = Story(staffed())
    desk(story)
    story.does("siri", Action.EN_ROUTE)
    people = {id: p for id, p in story.organisation.people.items() if id != "siri"}
    story.organisation = replace(story.organisation, people=people)
    story.pin("kari")
    assert story.alarm.responders == ()


def test_when_nobody_who_counts_is_left_the_alarm_is_raised_again() -> None:
    story = Story(staffed(answered_by(step(0, team("guards"), Target(TargetKind.COLLEAGUES, "zone")))))
    desk(story)
    story.does("nils", Action.ARRIVED)
    assert story.state() is State.ATTENDED
    story.pin("kari")
    assert story.state() is State.RAISED
    assert story.alarm.responders == ()


def test_whom_a_step_tells_of_it_sees_through_the_veil_and_gets_no_all_clear() -> None:
    everybody = (team("guards"), Target(TargetKind.COLLEAGUES, "zone"))
    story = Story(staffed(answered_by(step(0, *everybody), step(30, one("siri")))))
    desk(story)
    story.effects.clear()
    story.pin("kari")
    assert (all_clears(story), steps(story)) == (["kari"], [*GUARDS, "nils"])
    assert behind(story, ("kari", "nils", "siri", *GUARDS)) == ["kari", "siri"]
    story.wait(31)
    assert behind(story, ("kari", "nils", "siri")) == ["kari"]
    assert story.does("siri", Action.EN_ROUTE).refusal is None
    story.effects.clear()
    story.resolve("ola", "seen to")
    assert all_clears(story) == [*GUARDS, "nils", "siri"]


@pytest.mark.parametrize("presser", ["kari", "ola", "eva"])
def test_the_presser_is_never_told_of_it_whatever_his_role(presser: str) -> None:
    story = Story(staffed())
    desk(story)
    story.effects.clear()
    story.pin(presser)
    story.wait(200)
    assert presser not in steps(story)
    assert behind(story, (presser,)) == [presser]
    assert story.folded(story.last) == story.alarm


def test_who_pressed_in_it_is_behind_the_veil_whosever_pin_it_was() -> None:
    story = Story(staffed())
    desk(story)
    story.happens(pressed_at_reception(Person("ola", "Ola Fjord", "phone")))
    story.pin("kari")
    assert behind(story, GUARDS) == ["ola"]
    assert story.does("ola", Action.ACKNOWLEDGE).refusal is Refusal.ENDED


def test_what_waits_for_somebody_behind_the_veil_no_longer_leaves_and_his_calls_are_ended() -> None:
    by_voice = step(0, Target(TargetKind.COLLEAGUES, "zone"), team("guards"), by=("voice", "sms"))
    duress = replace(office().chains["duress"])
    organisation = staffed(replace(office(), chains={"duress": duress, "rest": Chain("rest", (by_voice,))}))
    stories = []
    for pin in Pin:
        story = Story(organisation)
        desk(story)
        waiting = [e for e in story.effects if isinstance(e, Tell) and e.channel == "sms"]
        for who in ("kari", "nils", "ola"):
            story.report(story.attempt(who, "voice").id, AttemptState.ACCEPTED, provider=f"CA-{who}")
        story.pin("kari", pin)
        leaves = [t.person for t in waiting if still_wanted(story.alarm, t)]
        stories.append((story, leaves))
    (honest, none), (duressed, some) = stories
    assert ended_calls(honest) == ["CA-kari", "CA-nils", "CA-ola"]
    assert ended_calls(duressed) == ["CA-kari", "CA-nils"]
    assert none == []
    assert set(some) == set(GUARDS)


def test_nobody_behind_the_veil_is_rung_because_an_earlier_text_has_not_arrived() -> None:
    story = cancelled(desk, Pin.DURESS)
    story.effects.clear()
    story.wait(14)
    assert {who for who, _ in tells(story.effects, Purpose.STEP)} == set(GUARDS)


def test_a_receiver_outside_is_never_told_that_it_is_over_and_is_hidden_nothing() -> None:
    arc = Target(TargetKind.EXTERNAL, "arc")
    story = Story(staffed(answered_by(step(0, arc, team("guards")))))
    desk(story)
    story.pin("kari")
    assert "arc" not in cancel_of(story).data["over_for"]
    assert seen_by(story.alarm, story.organisation.externals["arc"]) is story.alarm
    answered = Answered(story.last, Action.ACKNOWLEDGE, Person("arc", "Alarm receiving centre", "voice"))
    assert story.happens(answered).responder("arc") is not None


@pytest.mark.parametrize("pin", Pin)
def test_those_behind_the_veil_can_only_write_a_note(pin: Pin) -> None:
    story = cancelled(desk, pin)
    before = story.alarm
    for action in Action:
        if action is not Action.NOTE:
            decision = story.does("nils", action, reason="x")
            assert (decision.refusal, decision.events, decision.alarm) == (Refusal.ENDED, (), before)
    assert story.does("nils", Action.NOTE, text="I hear nothing").refusal is None
    assert story.alarm.face == before.face


@pytest.mark.parametrize("pin", Pin)
@pytest.mark.parametrize("again", Pin)
def test_what_was_cancelled_by_pin_is_not_cancelled_so_again(pin: Pin, again: Pin) -> None:
    story = cancelled(desk, pin)
    before = story.alarm
    decision = story.pin("nils", again)
    assert (decision.refusal, decision.events, decision.alarm) == (Refusal.ENDED, (), before)


@pytest.mark.parametrize("pin", Pin)
def test_neither_pin_moves_an_alarm_that_is_over(pin: Pin) -> None:
    story = Story()
    desk(story)
    story.resolve("ola", "seen to")
    assert story.pin("kari", pin).refusal is Refusal.ENDED
    assert story.alarm.veil is None


def test_whatever_becomes_of_it_the_presser_goes_on_seeing_a_cancelled_alarm() -> None:
    story = cancelled(desk, Pin.DURESS)
    face, shown = story.alarm.face, lights(story)
    assert shown == [("desk-3", "cancelled", "r-1")]
    story.does("ola", Action.EN_ROUTE)
    story.does("per", Action.ARRIVED)
    story.does("ola", Action.ARRIVED)
    story.wait(400)
    story.resolve("ola")
    assert (story.state(), story.alarm.outcome) == (State.RESOLVED, "real")
    assert (story.alarm.face, lights(story)) == (face, shown)
    assert all_clears(story) == ["kari", "nils", *GUARDS]


@pytest.mark.parametrize("pin", Pin)
def test_pressing_again_opens_another_alarm_as_after_any_end(pin: Pin) -> None:
    story = cancelled(desk, pin)
    first = story.last
    story.wait(2)
    assert story.press("desk-3", ref="r-2").id != first
    third = story.press("desk-4", Kind.DURESS)
    assert third.id != first
    assert story.alarms[first].face is not None
    assert len(story.alarms[first].signals) == (2 if pin is Pin.DURESS else 1)


def test_a_drill_cancelled_under_duress_reaches_those_whom_no_drill_reaches() -> None:
    arc = Target(TargetKind.EXTERNAL, "arc")
    chains = {**office().chains, "duress": Chain("duress", (step(0, arc),), frozenset({Kind.DURESS}))}
    story = cancelled(drill, Pin.DURESS, staffed(office(chains=chains)))
    assert "arc" in steps(story)


def test_enough_who_know_are_coming_and_the_first_step_is_done_all_the_same() -> None:
    chains = {**office().chains, "duress": replace(office().chains["duress"], acknowledge=Acknowledge(needed=1))}
    story = cancelled(attended, Pin.DURESS, staffed(office(chains=chains)))
    assert (story.state(), steps(story)) == (State.ATTENDED, ["per", "siv", "ola"])
    assert story.alarm.next is not None
    assert story.alarm.next.at is None
