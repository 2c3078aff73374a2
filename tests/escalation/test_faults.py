"""Faults of alarmd's own: one technical alarm for each cause, mended without noise."""

from alarmd.alarm.effects import EndCall, Feedback, ReportFault, Tell
from alarmd.alarm.incoming import FaultGone
from alarmd.alarm.model import AttemptState, Kind, Purpose, State
from alarmd.escalation.decide import Situation, decide
from tests.support.organisations import answered_by, role, step, team
from tests.support.story import Story


def test_a_fault_opens_a_technical_alarm_with_its_cause_for_those_who_can_mend_it() -> None:
    story = Story()
    alarm = story.fault("broker", site="fjordvik")
    assert (alarm.kind, alarm.cause, alarm.chain, alarm.site) == (Kind.TECHNICAL, "broker", "technical", "fjordvik")
    assert alarm.first.note == "broker is unwell"
    assert story.steps() == [(0, 1, ["eva"])]
    story.wait(59)
    assert not [e for e in story.effects if isinstance(e, Feedback | ReportFault)]


def test_each_fault_has_an_alarm_of_its_own_and_nothing_joins_it() -> None:
    story = Story()
    broker, provider = story.fault("broker"), story.fault("provider")
    assert broker.id != provider.id
    assert story.press("desk-3").kind is Kind.PANIC
    assert len(story.alarms) == 3


def test_a_cause_that_is_gone_resolves_its_alarm_and_nobody_gets_an_all_clear() -> None:
    by_call = answered_by(step(0, role("manager"), by=("voice",)))
    story = Story(by_call)
    story.fault("broker")
    story.report(story.attempt("eva", "voice").id, AttemptState.ACCEPTED, provider="CA-eva")
    alarm = story.mended("broker")
    assert (alarm.state, alarm.outcome) == (State.RESOLVED, "real")
    assert story.events[alarm.id][-1].data["reason"] == "broker is well again"
    assert not [e for e in story.effects if isinstance(e, Tell) and e.purpose is Purpose.ALL_CLEAR]
    assert [e.provider for e in story.effects if isinstance(e, EndCall)] == ["CA-eva"]
    assert story.due[alarm.id] is None


def test_a_cause_that_is_gone_twice_changes_nothing() -> None:
    story = Story()
    story.fault("broker")
    ended = story.mended("broker")
    decision = decide(FaultGone("broker", "again"), Situation(ended, story.organisation), story.now, story.new_id)
    assert (decision.alarm, decision.events, decision.effects) == (ended, (), ())


def test_a_chain_that_reaches_nobody_is_said_aloud_once_for_each_step() -> None:
    story = Story(answered_by(step(0, team("nobody")), step(10, team("nobody")), step(20, role("manager"))))
    story.press()
    faults = [e for e in story.effects if isinstance(e, ReportFault)]
    assert [f.cause for f in faults if f.cause.startswith("nobody")] == ["nobody:only:1", "nobody:only:2"]
    assert faults[0].text == "step 1 of chain only reaches nobody"
