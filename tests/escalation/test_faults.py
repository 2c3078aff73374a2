"""Faults of alarmd's own: one technical alarm for each cause, mended without noise."""

import pytest

from alarmd.alarm.effects import EndCall, Feedback, ReportFault, Tell
from alarmd.alarm.events import Reason
from alarmd.alarm.incoming import Action, FaultGone
from alarmd.alarm.model import AttemptState, Kind, Purpose, State
from alarmd.alarm.veil import Veil
from alarmd.escalation.decide import Situation, decide
from alarmd.escalation.draft import Refusal
from tests.escalation.stories import one
from tests.escalation.test_cancelling import staffed
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


def test_a_fault_behind_a_veil_begins_there_and_any_other_begins_without_one() -> None:
    story, veil = Story(staffed()), Veil(frozenset({"kari"}), frozenset({"nils"}))
    hidden = story.fault("exhausted:duress", behind=veil)
    assert (hidden.veil, hidden.face, hidden.faceless) == (Veil(veil.people, frozenset({"nils", "eva"})), None, True)
    assert story.events[hidden.id][0].data["behind"] == {"people": ["kari"], "told": ["nils"]}
    assert story.folded(hidden.id) == hidden
    seen = {person: hidden.seen_by(person, known.roles) for person, known in story.organisation.people.items()}
    assert {person for person, alarm in seen.items() if alarm is None} == {"kari", "siri", "ane"}
    assert hidden.seen_by(None) is hidden
    open_to_all = story.fault("broker")
    assert (open_to_all.veil, open_to_all.faceless) == (None, False)
    assert "behind" not in story.events[open_to_all.id][0].data


def test_who_is_behind_the_veil_of_a_fault_is_not_told_of_it_whatever_his_role() -> None:
    story = Story(staffed(answered_by(step(0, role("manager"), team("guards")), step(10, role("manager")))))
    story.fault("exhausted:duress", behind=Veil(frozenset({"eva", "ola"})))
    story.wait(200)
    assert set(story.told("sms")) == {"per", "siv"}
    assert not [e for e in story.effects if isinstance(e, ReportFault)]


def test_who_is_behind_the_veil_of_a_fault_is_not_told_of_it_either_when_every_way_to_others_has_failed() -> None:
    """A step's `else` told whoever had cancelled under duress that the search for help goes on."""
    story = Story(staffed(answered_by(step(0, one("ola"), otherwise=(one("eva"), one("per")), by=("sms",)))))
    story.fault("exhausted:duress", behind=Veil(frozenset({"eva"})))
    for channel in ("sms", "voice"):
        story.report(story.attempt("ola", channel).id, AttemptState.FAILED)
    assert Reason.EVERY_WAY_FAILED in {e.data.get("reason") for e in story.events[story.last]}
    assert set(story.told("sms")) == {"ola", "per"}


def test_whom_a_step_tells_of_a_fault_behind_a_veil_sees_it_from_then_on() -> None:
    story = Story(staffed(answered_by(step(0, team("guards")), step(30, one("siri")))))
    story.fault("exhausted:duress", behind=Veil(frozenset({"kari"})))
    assert story.alarm.seen_by("siri", ("staff",)) is None
    story.wait(31)
    assert story.alarm.seen_by("siri", ("staff",)) is story.alarm
    assert story.folded(story.last) == story.alarm
    assert story.does("siri", Action.EN_ROUTE).refusal is None
    story.effects.clear()
    story.resolve("ola", "seen to")
    assert {e.person for e in story.effects if isinstance(e, Tell)} == {"ola", "per", "siv", "siri"}


@pytest.mark.parametrize("person", ["kari", "eva", "nils"])
def test_nobody_answers_what_he_may_not_know(person: str) -> None:
    story = Story(staffed())
    story.fault("exhausted:duress", behind=Veil(frozenset({"kari", "eva"})))
    before = story.alarm
    for action in Action:
        decision = story.does(person, action, reason="x", text="x")
        assert (decision.refusal, decision.events, decision.alarm) == (Refusal.ENDED, (), before)
    assert story.pin(person).refusal is Refusal.ENDED
    assert story.does("ola", Action.NOTE, text="x").refusal is None
