"""What no sequence of events may break (docs/architecture.md, and the promises). Hypothesis plays presses, answers,
receipts and time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alarmd.alarm.effects import EndCall, Feedback, Tell
from alarmd.alarm.events import Event, EventKind
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, Pin, Pressed, Reported
from alarmd.alarm.joining import joinable
from alarmd.alarm.lifecycle import by_pin, faced
from alarmd.alarm.model import APART, Alarm, AttemptState, Kind, Person, Purpose, State
from alarmd.escalation.answering import counted
from alarmd.escalation.decide import Situation, decide
from alarmd.escalation.draft import Decision, Refusal
from alarmd.escalation.receipts import still_wanted
from alarmd.escalation.veil import is_behind
from alarmd.organisation.model import Acknowledge, Contact, Organisation, Target, TargetKind, TellPresser
from tests.support.organisations import answered_by, office, person, role, step, team
from tests.support.story import Story

PEOPLE = sorted(office().people)
COMING = (EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE, EventKind.ARRIVED)
REACHED = (AttemptState.DELIVERED, AttemptState.ANSWERED, AttemptState.SEEN)


def offices() -> list[Organisation]:
    """The office, and some that are made to catch mistakes."""
    plain = office()
    reachable = (Contact("voice", "+4790000001"), Contact("email", "o@example.org"))
    people = {**plain.people, "ola": person("ola", "guard", contact=reachable)}
    talkative = replace(plain.chains["duress"], tell_presser=TellPresser.YES)
    picky = replace(plain.chains["rest"], acknowledge=Acknowledge(frozenset({"manager"})))
    strict = replace(plain.chains["panic"], acknowledge=Acknowledge(frozenset({"guard"}), 2, timedelta(minutes=1)))
    gappy = answered_by(step(0, team("guards")), step(12, team("nobody")), step(20, role("manager")))
    near, colleagues = Target(TargetKind.NEAREST, "", 2), Target(TargetKind.COLLEAGUES, "zone")
    choosing = answered_by(
        step(0, near), step(12, colleagues, otherwise=(team("guards"),)), acknowledge=Acknowledge(needed=2)
    )
    return [
        plain,
        replace(plain, chains={**plain.chains, "duress": talkative, "rest": picky}, people=people),
        replace(plain, chains={**plain.chains, "rest": picky, "panic": strict}),
        gappy,
        choosing,
    ]


REACHES = st.sampled_from(sorted(AttemptState))


def coming_to(alarm: Alarm) -> set[str]:
    return {r.person for r in alarm.responders if r.coming}


def opened_by(alarm: Alarm, person: str) -> bool:
    return isinstance(alarm.first.by, Person) and alarm.first.by.person == person


def attempts(alarm: Alarm, states: tuple[AttemptState, ...]) -> set[str]:
    return {a.id for n in alarm.notifications for a in n.attempts if a.state in states}


def pressed_again(events: list[Event]) -> bool:
    """Has somebody pressed an alarm that was answered, and nobody who counts said since that he is coming?"""
    again = False
    for event in events:
        if event.kind is EventKind.JOINED:
            again |= event.data["sounds"] and event.state is not State.RAISED
        elif event.kind is EventKind.UPGRADED or (event.kind in COMING and event.data["counts"]):
            again = False
    return again


class Truths(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.story.watch.append(self.check)
        self.before: dict[str, Alarm] = {}

    @initialize(organisation=st.sampled_from(offices()))
    def founded(self, organisation: Organisation) -> None:
        self.story.organisation = organisation

    def check(self, decision: Decision) -> None:
        alarm = decision.alarm
        assert alarm is not None
        was = self.before.get(alarm.id)
        tells = [e for e in decision.effects if isinstance(e, Tell)]
        asked = {t.person for t in tells if t.purpose is Purpose.STEP}
        assert not alarm.pressers & asked
        assert not any(self.hidden(alarm, person) for person in asked), "no more is told than is seen"
        assert not any(t.channel == "voice" and t.purpose is Purpose.ALL_CLEAR for t in tells)
        assert all((found := alarm.find(t.attempt)) and found[1].state is AttemptState.QUEUED for t in tells)
        assert all(still_wanted(alarm, t) for t in tells), "nobody is told what helps nobody"
        if alarm.state.ended:
            assert all(t.purpose is Purpose.ALL_CLEAR for t in tells)
        if was is not None:
            assert not was.state.ended or alarm.state is was.state
            assert attempts(was, REACHED) <= attempts(alarm, REACHED), "who is reached stays reached"
        for effect in decision.effects:
            if isinstance(effect, Feedback) and (alarm.face or alarm).kind is Kind.DURESS:
                assert effect.state in ("received", "idle")
        if was is not None and was.face is not None:
            assert alarm.face == was.face, "behind the veil nothing happens"
            assert not any(isinstance(e, Feedback) for e in decision.effects)
        self.before[alarm.id] = alarm

    def hidden(self, alarm: Alarm, person: str) -> bool:
        return is_behind(alarm.veil, self.story.organisation, person)

    @rule(
        device=st.sampled_from(sorted(office().devices)),
        kind=st.none() | st.sampled_from(sorted(Kind)),
        drill=st.booleans(),
    )
    def press(self, device: str, kind: Kind | None, drill: bool) -> None:
        told_before = len(self.story.effects)
        open_before = dict(self.story.alarms)
        alarm = self.story.press(device, kind, drill=drill and kind is not None)
        before = open_before.get(alarm.id)
        if before is not None and self.story.events[alarm.id][before.version].kind is EventKind.JOINED:
            assert alarm.state is before.state
            assert alarm.responders == before.responders, "no promise is made longer by a press"
            assert not any(isinstance(e, Tell) for e in self.story.effects[told_before:])

    @rule(
        person=st.sampled_from(PEOPLE),
        channel=st.sampled_from(["console", "phone"]),
        zone=st.sampled_from(sorted(office().sites["fjordvik"].zones)),
        kind=st.none() | st.sampled_from(sorted(Kind)),
    )
    def press_without_a_device(self, person: str, channel: str, zone: str, kind: Kind | None) -> None:
        promised = {
            a.id
            for a in self.story.alarms.values()
            if joinable(a) and person in coming_to(a) and not opened_by(a, person)
        }
        alarm = self.story.happens(Pressed(Person(person, person, channel), zone=zone, kind=kind))
        if promised and kind not in APART:
            assert alarm.linked is not None
            assert alarm.id not in promised
            assert opened_by(alarm, person)

    @precondition(lambda self: self.story.alarms)
    @rule(
        data=st.data(),
        person=st.sampled_from(PEOPLE),
        action=st.sampled_from([Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED]),
        channel=st.sampled_from(["console", "voice"]),
    )
    def come(self, data: st.DataObject, person: str, action: Action, channel: str) -> None:
        self.answer(data, person, action, None, channel)

    @precondition(lambda self: self.story.alarms)
    @rule(
        data=st.data(),
        person=st.sampled_from(PEOPLE),
        action=st.sampled_from([Action.DECLINE, Action.NOTE, Action.ESCALATE]),
    )
    def stay(self, data: st.DataObject, person: str, action: Action) -> None:
        self.answer(data, person, action, None)

    @precondition(lambda self: self.story.alarms)
    @rule(
        data=st.data(),
        person=st.sampled_from(PEOPLE),
        action=st.sampled_from([Action.RESOLVE, Action.CANCEL]),
        reason=st.none() | st.just("checked"),
    )
    def end(self, data: st.DataObject, person: str, action: Action, reason: str | None) -> None:
        self.answer(data, person, action, reason)

    def answer(
        self, data: st.DataObject, person: str, action: Action, reason: str | None, channel: str = "console"
    ) -> None:
        self.story.last = data.draw(st.sampled_from(sorted(self.story.alarms)))
        before = self.story.alarm
        decision = self.story.does(person, action, channel, reason=reason, text="note")
        if decision.refusal is not None:
            assert decision.alarm == before
            assert not decision.events

    @precondition(lambda self: self.story.alarms)
    @rule(data=st.data(), person=st.sampled_from(PEOPLE), pin=st.sampled_from(Pin))
    def cancel_by_pin(self, data: st.DataObject, person: str, pin: Pin) -> None:
        """Whichever it is, whoever is behind the veil cannot tell; and the duress PIN is none."""
        self.story.last = data.draw(st.sampled_from(sorted(self.story.alarms)))
        before, by = self.story.alarm, Person(person, person, "phone")
        made = {
            each: decide(
                Answered(before.id, Action.CANCEL, by, pin=each),
                Situation(before, self.story.organisation),
                self.story.now,
                map(f"{each}-{before.id}-{{}}".format, range(1000)).__next__,
            )
            for each in Pin
        }
        over = before.state.ended or before.veil is not None
        duressed = made[Pin.DURESS].alarm
        assert duressed is not None
        honest, forced = (self.behind_the_veil(made[each], duressed) for each in (Pin.HONEST, Pin.DURESS))
        assert honest == forced
        assert over == (made[pin].refusal is Refusal.ENDED)
        assert over or (duressed.kind is Kind.DURESS and not duressed.state.ended and not duressed.drill)
        self.story.take(made[pin])

    def behind_the_veil(self, decision: Decision, duressed: Alarm) -> list[object]:
        """All that reaches anybody there, without the ids of what was made for it. Whom the duress has told is none of
        these."""
        alarm = decision.alarm
        assert alarm is not None
        given = [faced(e) for e in decision.events if by_pin(e)]
        lights = [(e.device, e.state, e.ref) for e in decision.effects if isinstance(e, Feedback)]
        tells = [e for e in decision.effects if isinstance(e, Tell) and self.hidden(duressed, e.person)]
        calls = [
            found[0].person
            for e in decision.effects
            if isinstance(e, EndCall) and (found := alarm.find(e.attempt)) and self.hidden(duressed, found[0].person)
        ]
        return [decision.refusal, alarm.face, given, lights, [(t.person, t.contact, t.purpose) for t in tells], calls]

    @precondition(lambda self: any(a.notifications for a in self.story.alarms.values()))
    @rule(data=st.data(), state=REACHES, again=st.none() | st.just(1.0))
    def receipt(self, data: st.DataObject, state: AttemptState, again: float | None) -> None:
        told = [i for i, a in self.story.alarms.items() if a.notifications]
        self.story.last = data.draw(st.sampled_from(sorted(told)))
        attempts = [a.id for n in self.story.alarm.notifications for a in n.attempts]
        self.story.report(data.draw(st.sampled_from(attempts)), state, again_in=again, provider="CA1")

    @rule(seconds=st.sampled_from([0.001, 0.5, 1, 3, 12, 15, 20, 60, 300]))
    def wait(self, seconds: float) -> None:
        self.story.wait(seconds)

    @precondition(lambda self: any(self.story.due.values()))
    @rule()
    def wait_for_the_next_deadline(self) -> None:
        due = min(at for at in self.story.due.values() if at is not None)
        self.story.wait(max(0, (due - self.story.now).total_seconds()))

    @rule(seconds=st.sampled_from([30, 3600, 86400]))
    def away(self, seconds: float) -> None:
        """The daemon was away: every deadline is met late, all at once."""
        self.story.now += timedelta(seconds=seconds)
        self.story.wait(0)

    @precondition(lambda self: self.story.alarms)
    @rule(data=st.data())
    def a_deadline_that_is_none_any_more(self, data: st.DataObject) -> None:
        """Armed before something else happened, and on its way all the same."""
        self.story.last = data.draw(st.sampled_from(sorted(self.story.alarms)))
        before = self.story.alarm
        assert self.story.happens(DeadlinePassed(self.story.last)) == before

    @rule(seconds=st.sampled_from([30, 3600]))
    def the_clock_steps_back(self, seconds: float) -> None:
        self.story.now -= timedelta(seconds=seconds)

    @invariant()
    def every_alarm_not_yet_attended_has_a_due_time(self) -> None:
        for id, alarm in self.story.alarms.items():
            if alarm.state.ended:
                assert self.story.due[id] is None
            elif alarm.state is not State.ATTENDED:
                assert self.story.due[id] is not None

    @invariant()
    def the_clock_stands_exactly_while_enough_are_coming_and_nobody_has_pressed_since_their_word(self) -> None:
        for id, alarm in self.story.alarms.items():
            if alarm.state.ended:
                assert alarm.next is None
            else:
                assert alarm.next is not None
                stands = alarm.enough and not pressed_again(self.story.events[id])
                assert (alarm.next.at is None) == stands

    @invariant()
    def a_word_that_holds_for_a_time_is_of_one_who_counts_and_is_on_his_way(self) -> None:
        for alarm in self.story.alarms.values():
            for responder in alarm.responders:
                if responder.arrive_by is not None:
                    assert responder.counts
                    assert responder.coming
                    assert not responder.there

    @invariant()
    def whether_somebody_counts_is_the_word_of_the_chain_that_holds_now(self) -> None:
        for alarm in self.story.alarms.values():
            chain = self.story.organisation.chains[alarm.chain]
            assert alarm.needed == chain.acknowledge.needed
            for responder in alarm.responders:
                assert responder.counts == counted(responder.person, alarm.pressers, chain, self.story.organisation)

    @invariant()
    def the_state_follows_from_who_is_coming(self) -> None:
        for alarm in self.story.alarms.values():
            if alarm.state is State.RAISED:
                assert not alarm.coming
            elif alarm.state is State.ACKNOWLEDGED:
                assert alarm.coming
                assert alarm.arrived < alarm.needed
            elif alarm.state is State.ATTENDED:
                assert alarm.arrived >= alarm.needed

    @invariant()
    def no_deadline_is_left_behind(self) -> None:
        self.story.wait(0)
        assert all(d is None or d > self.story.now for d in self.story.due.values())

    @invariant()
    def folding_the_log_rebuilds_the_alarm(self) -> None:
        for id, alarm in self.story.alarms.items():
            assert self.story.folded(id) == alarm

    @invariant()
    def nothing_pointless_is_wanted(self) -> None:
        """Once enough are coming nobody is told who was to be told before; only those asked for since. What rests,
        because a press has set the clock going while enough are coming, waits until too few are."""
        tells = {e.attempt: e for e in self.story.effects if isinstance(e, Tell) and e.purpose is Purpose.STEP}
        for alarm in self.story.alarms.values():
            for notification in alarm.notifications:
                over = alarm.state.ended or (not alarm.asks and not notification.beyond)
                over |= notification.person in alarm.pressers or notification.rests
                for attempt in notification.attempts:
                    if (tell := tells.get(attempt.id)) is not None:
                        done = notification.settled or attempt.state is not AttemptState.QUEUED
                        assert still_wanted(alarm, tell) == (not over and not done)

    @invariant()
    def same_inputs_same_decision(self) -> None:
        for alarm in self.story.alarms.values():
            ola = Person("ola", "Ola Nes", "sms")
            for incoming in (
                DeadlinePassed(alarm.id),
                Answered(alarm.id, Action.ACKNOWLEDGE, ola),
                Reported(alarm.id, "none", AttemptState.FAILED),
            ):
                one, two = (
                    decide(
                        incoming,
                        Situation(alarm, self.story.organisation),
                        self.story.now,
                        map(str, range(1000)).__next__,
                    )
                    for _ in range(2)
                )
                assert one == two


Truths.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
# A story that breaks a truth is made short before it is told, which takes longer than a test may take else.
TestTruths = pytest.mark.timeout(300)(Truths.TestCase)
