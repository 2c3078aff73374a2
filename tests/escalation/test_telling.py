"""How one person is told at one step: which contacts at once, which others when, and what receipts change."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.alarm.effects import Tell
from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action, Reported
from alarmd.alarm.model import AttemptState, Purpose
from alarmd.escalation.decide import Situation, decide
from alarmd.escalation.receipts import RANK, still_wanted
from alarmd.escalation.retry import REACHED
from alarmd.organisation.model import CONSOLE, Contact, Repeat, Target, TargetKind
from tests.support.organisations import answered_by, office, person, role, seconds, step, team
from tests.support.story import Story

SMS, VOICE, MAIL = (
    Contact("sms", "+4790000001"),
    Contact("voice", "+4790000001"),
    Contact("email", "ola@example.org"),
)
OLA = Target(TargetKind.PERSON, "ola")


def ola_told(by: tuple[str, ...] = (CONSOLE, "sms"), contact: tuple[Contact, ...] = (SMS, VOICE, MAIL)) -> Story:
    """Ola, with a text, a call and a mail, is told by one step; there is no other."""
    people = {**office().people, "ola": person("ola", "guard", contact=contact)}
    story = Story(answered_by(step(0, OLA, by=by), people=people))
    story.press()
    return story


def tried(story: Story) -> list[str]:
    return [e.channel for e in story.effects if isinstance(e, Tell)]


def report(story: Story, channel: str, state: AttemptState, **more: object) -> None:
    story.report(story.attempt("ola", channel).id, state, **more)


def reasons(story: Story) -> list[str]:
    return [e.data["reason"] for e in story.events[story.last] if e.kind is EventKind.NOTIFIED]


# At once.


@pytest.mark.parametrize(
    ("by", "at_once", "on_the_console"),
    [
        ((), ["sms", "voice", "email"], True),
        (("sms", "voice"), ["sms", "voice"], False),
        (("voice", "sms"), ["sms", "voice"], False),
        ((CONSOLE, "email"), ["email"], True),
        ((CONSOLE,), [], True),
        (("push",), ["sms"], False),
        ((CONSOLE, "push"), ["sms"], True),
    ],
)
def test_all_channels_of_the_step_at_once(by: tuple[str, ...], at_once: list[str], on_the_console: bool) -> None:
    story = ola_told(by)
    assert tried(story) == at_once
    channels = [a.channel for n in story.alarm.notifications for a in n.attempts]
    assert (CONSOLE in channels) == on_the_console


def test_one_without_contacts_is_told_on_the_console_alone() -> None:
    assert [a.channel for a in ola_told((), ()).alarm.notifications[0].attempts] == [CONSOLE]
    assert ola_told((CONSOLE, "sms"), ()).steps() == [(0, 1, ["ola"])]
    assert ola_told(("sms",), ()).steps() == [(0, 1, [])], "a step without the console does not reach him"


# His other contacts, in his order.


def test_not_accepted_within_three_seconds_leads_to_his_next_contact() -> None:
    story = ola_told()
    story.wait(2.999)
    assert tried(story) == ["sms"]
    story.wait(0.001)
    assert tried(story) == ["sms", "voice"]
    story.wait(3)
    assert tried(story) == ["sms", "voice", "email"]
    assert reasons(story) == ["step_is_due", "not_accepted", "not_accepted"]
    story.wait(30)
    assert tried(story) == ["sms", "voice", "email"], "when all are tried there is nothing else to try"


def test_accepted_but_not_delivered_within_fifteen_seconds_leads_to_his_next_contact() -> None:
    story = ola_told()
    story.wait(1)
    report(story, "sms", AttemptState.ACCEPTED, provider="SM1")
    story.wait(13.999)
    assert tried(story) == ["sms"]
    story.wait(0.001)
    assert tried(story) == ["sms", "voice"]
    assert reasons(story)[1:] == ["not_delivered"]


def test_each_further_contact_has_its_own_time() -> None:
    story = ola_told()
    report(story, "sms", AttemptState.ACCEPTED)
    story.wait(15)
    report(story, "voice", AttemptState.ACCEPTED)
    story.wait(14.999)
    assert tried(story) == ["sms", "voice"]
    story.wait(0.001)
    assert tried(story) == ["sms", "voice", "email"]


@pytest.mark.parametrize("state", [AttemptState.DELIVERED, AttemptState.ANSWERED, AttemptState.SEEN])
def test_one_who_is_reached_is_not_tried_any_further(state: AttemptState) -> None:
    story = ola_told()
    report(story, "sms", state)
    story.wait(59)
    assert tried(story) == ["sms"]


@pytest.mark.parametrize("state", [AttemptState.DELIVERED, AttemptState.SEEN])
def test_the_console_never_counts_as_delivered(state: AttemptState) -> None:
    story = ola_told()
    report(story, CONSOLE, state)
    story.wait(3)
    assert tried(story) == ["sms", "voice"]


def test_one_of_several_channels_at_once_is_enough() -> None:
    story = ola_told(("sms", "voice"))
    report(story, "voice", AttemptState.ANSWERED)
    story.wait(59)
    assert tried(story) == ["sms", "voice"]


def test_console_alone_has_no_other_contacts() -> None:
    story = ola_told((CONSOLE,))
    report(story, CONSOLE, AttemptState.FAILED)
    story.wait(59)
    assert tried(story) == []


def test_after_a_downtime_one_further_contact_is_tried_at_a_time() -> None:
    story = ola_told()
    story.now += seconds(50)
    story.wait(0)
    assert tried(story) == ["sms", "voice"]


def test_a_later_step_that_tells_him_again_takes_the_place_of_the_earlier_one() -> None:
    """He is not rung twice at once because he missed a text."""
    people = {**office().people, "ola": person("ola", "guard", contact=(SMS, VOICE, MAIL))}
    story = Story(answered_by(step(0, OLA, by=("sms",)), step(14, OLA, by=("voice",)), people=people))
    story.press()
    report(story, "sms", AttemptState.ACCEPTED)
    story.wait(15)
    assert tried(story) == ["sms", "voice"]
    story.wait(2)
    assert tried(story) == ["sms", "voice", "sms"], "the later step falls back on his contacts in his order"


def test_a_later_step_by_console_alone_takes_no_place() -> None:
    people = {**office().people, "ola": person("ola", "guard", contact=(SMS, VOICE))}
    story = Story(answered_by(step(0, OLA, by=("sms",)), step(2, OLA, by=(CONSOLE,)), people=people))
    story.press()
    story.wait(3)
    assert tried(story) == ["sms", "voice"]


# Failures.


def test_a_failure_leads_to_the_next_contact_without_waiting() -> None:
    story = ola_told()
    report(story, "sms", AttemptState.FAILED, why="unknown number")
    assert tried(story) == ["sms", "voice"]
    assert reasons(story)[1:] == ["attempt_failed"]
    failed = story.alarm.notifications[0].attempts[1]
    assert (failed.channel, failed.state, failed.why) == ("sms", AttemptState.FAILED, "unknown number")


def test_one_failure_of_two_waits_for_the_other() -> None:
    story = ola_told(("sms", "voice"))
    report(story, "sms", AttemptState.FAILED)
    assert tried(story) == ["sms", "voice"]
    report(story, "voice", AttemptState.FAILED)
    assert tried(story) == ["sms", "voice", "email"]


def test_a_failure_that_may_pass_is_tried_again_and_three_times_in_all() -> None:
    story = ola_told(contact=(SMS,))
    for _ in range(3):
        report(story, "sms", AttemptState.FAILED, again_in=1.5)
    assert tried(story) == ["sms"] * 3
    assert reasons(story) == ["step_is_due", "try_again", "try_again"]
    tells = [e for e in story.effects if isinstance(e, Tell)]
    assert [t.not_before for t in tells] == [None, story.now + seconds(1.5), story.now + seconds(1.5)]
    assert [a.tried for a in story.alarm.notifications[0].attempts if a.channel == "sms"] == [0, 1, 2]


def test_a_second_try_gives_no_new_time_to_be_reached_in() -> None:
    story = ola_told()
    story.wait(2)
    report(story, "sms", AttemptState.FAILED, again_in=0.5)
    story.wait(1)
    assert tried(story) == ["sms", "sms", "voice"]


def test_an_unknown_outcome_may_be_tried_again_and_else_waits_for_the_judgement() -> None:
    story = ola_told()
    report(story, "sms", AttemptState.UNKNOWN)
    assert tried(story) == ["sms"]
    story.wait(3)
    assert tried(story) == ["sms", "voice"]
    report(story, "voice", AttemptState.UNKNOWN, again_in=1.0)
    assert tried(story) == ["sms", "voice", "voice"]


def test_of_what_was_unknown_and_tried_again_a_late_failure_brings_no_second_try() -> None:
    story = ola_told()
    report(story, "sms", AttemptState.UNKNOWN, again_in=1.0)
    first = story.alarm.notifications[0].attempts[1]
    assert (first.channel, first.state, tried(story)) == ("sms", AttemptState.UNKNOWN, ["sms", "sms"])
    story.report(first.id, AttemptState.FAILED, again_in=1.0)
    assert tried(story) == ["sms", "sms"]
    report(story, "sms", AttemptState.FAILED)
    assert tried(story) == ["sms", "sms", "voice"], "now every try has failed"


def test_a_text_that_is_found_undelivered_later_leads_to_the_next_contact() -> None:
    story = ola_told()
    report(story, "sms", AttemptState.ACCEPTED)
    story.wait(8)
    report(story, "sms", AttemptState.FAILED, why="undelivered")
    assert tried(story) == ["sms", "voice"]


# Receipts: late, twice, out of order, contradicting each other.


@pytest.mark.parametrize(("first", "then"), list(itertools.permutations(AttemptState, 2)))
def test_word_that_is_older_than_what_is_known_changes_nothing(first: AttemptState, then: AttemptState) -> None:
    story = ola_told()
    attempt = story.attempt("ola", "sms").id
    story.report(attempt, first)
    before = story.alarm
    story.report(attempt, then)
    found = story.alarm.find(attempt)
    assert found is not None
    known = max(AttemptState.QUEUED, first, key=RANK.__getitem__)
    if RANK[then] > RANK[known]:
        assert found[1].state is then
    else:
        assert story.alarm == before


@given(st.lists(st.sampled_from(AttemptState), max_size=6).flatmap(lambda r: st.tuples(st.just(r), st.permutations(r))))
def test_receipts_in_any_order_come_to_the_same_rank(receipts: tuple[list[AttemptState], list[AttemptState]]) -> None:
    ends = []
    for order in receipts:
        story = ola_told()
        attempt = story.attempt("ola", "sms").id
        for state in order:
            story.report(attempt, state)
        found = story.alarm.find(attempt)
        assert found is not None
        ends.append(RANK[found[1].state])
    assert ends[0] == ends[1]


def test_delivered_is_not_taken_back() -> None:
    assert {state for state in AttemptState if RANK[state] > RANK[AttemptState.FAILED]} == REACHED


def test_a_receipt_keeps_the_providers_id() -> None:
    story = ola_told()
    report(story, "sms", AttemptState.ACCEPTED, provider="SM1")
    report(story, "sms", AttemptState.DELIVERED)
    assert story.attempt("ola", "sms").provider == "SM1"


def test_a_receipt_of_an_attempt_that_nobody_knows_changes_nothing_and_its_effect_is_done() -> None:
    story = ola_told()
    reported = Reported(story.last, "of another life", AttemptState.FAILED, effect="e1")
    decision = decide(reported, Situation(story.alarm, story.organisation), story.now, story.new_id)
    assert (decision.alarm, decision.events, decision.effects, decision.done) == (story.alarm, (), (), ("e1",))


def test_a_receipt_from_outside_ends_no_effect() -> None:
    story = ola_told()
    reported = Reported(story.last, story.attempt("ola", "sms").id, AttemptState.DELIVERED)
    decision = decide(reported, Situation(story.alarm, story.organisation), story.now, story.new_id)
    assert decision.done == ()


def test_a_failure_after_the_end_tells_nobody() -> None:
    story = ola_told()
    story.resolve("per", "seen to")
    told = len(story.effects)
    report_of_step = next(n for n in story.alarm.notifications if n.purpose is Purpose.STEP).attempts[1]
    story.report(report_of_step.id, AttemptState.FAILED, again_in=1.0)
    assert len(story.effects) == told


def test_a_failure_once_he_is_reached_tells_him_nothing_more() -> None:
    story = ola_told(("sms", "voice"))
    report(story, "voice", AttemptState.ANSWERED)
    report(story, "sms", AttemptState.FAILED, again_in=1.0)
    assert tried(story) == ["sms", "voice"]


# The look just before sending.


def test_an_attempt_that_has_an_outcome_is_not_made_twice() -> None:
    story = ola_told()
    (text,) = [e for e in story.effects if isinstance(e, Tell)]
    assert still_wanted(story.alarm, text)
    assert not still_wanted(story.alarm, replace(text, attempt="another"))
    report(story, "sms", AttemptState.ACCEPTED)
    assert not still_wanted(story.alarm, text)


# What went wrong elsewhere (docs/lessons.md).


def test_he_is_rung_again_in_every_round_until_somebody_comes() -> None:
    """A missed call in a radio shadow is not the last one."""
    people = {**office().people, "ola": person("ola", "guard", contact=(VOICE,))}
    chain = (step(0, OLA, by=("voice",)),)
    story = Story(answered_by(*chain, repeat=Repeat(1, seconds(60)), people=people))
    story.press()
    for _ in range(10):
        story.report(story.attempt("ola", "voice").id, AttemptState.FAILED, why="no_answer")
        story.wait(60)
    assert story.told("voice") == ["ola"] * 11


def test_one_who_has_none_of_the_steps_channels_is_told_another_way_at_once() -> None:
    story = ola_told(("voice",), (MAIL, SMS))
    assert tried(story) == ["email"]
    story.wait(3)
    assert tried(story) == ["email", "sms"]


def test_what_its_provider_has_taken_is_not_withdrawn_any_more() -> None:
    """After a crash it is looked at again and found pointless, though it had left: word from elsewhere is stronger."""
    for order in ((AttemptState.ACCEPTED, AttemptState.WITHDRAWN), (AttemptState.WITHDRAWN, AttemptState.ACCEPTED)):
        story = Story(answered_by(step(0, team("guards"), by=("sms",)), step(60, role("manager"))))
        story.press()
        siv = story.attempt("siv", "sms").id
        story.report(siv, order[0])
        story.does("ola", Action.EN_ROUTE)
        story.report(siv, order[1])
        story.resolve("ola", reason="seen to")
        assert "siv" in [n.person for n in story.alarm.notifications if n.purpose is Purpose.ALL_CLEAR]
