"""What is to be done: read back from the store as it was written, and in the right order of urgency."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.alarm.effects import (
    BACKGROUND,
    DURESS,
    FIRST,
    LATER,
    LINKED,
    LIVE,
    Effect,
    EndCall,
    Feedback,
    ReportFault,
    Tell,
    from_plain,
    plain,
    priority,
    urgency,
)
from alarmd.alarm.model import Kind, Purpose
from tests.support.story import BEGAN, Story

TEXT = st.text(max_size=8)
MOMENTS = st.integers(0, 2**41).map(lambda n: BEGAN + timedelta(milliseconds=n))
EFFECTS = st.one_of(
    st.builds(
        Tell,
        TEXT,
        TEXT,
        TEXT,
        st.integers(0, 9),
        TEXT,
        st.sampled_from(Purpose),
        st.integers(-1, 3),
        st.none() | MOMENTS,
    ),
    st.builds(Feedback, TEXT, TEXT, TEXT, st.none() | TEXT),
    st.builds(EndCall, TEXT, TEXT, TEXT, TEXT),
    st.builds(ReportFault, TEXT, TEXT, TEXT),
)


@given(EFFECTS)
def test_an_effect_is_read_back_as_it_was_written(effect: Effect) -> None:
    assert from_plain(json.loads(json.dumps(plain(effect)))) == effect


@pytest.mark.parametrize(
    ("kind", "drill", "purpose", "round", "urgency"),
    [
        (Kind.PANIC, False, Purpose.STEP, 1, FIRST),
        (Kind.PANIC, False, Purpose.STEP, 2, LIVE),
        (Kind.DURESS, False, Purpose.STEP, 9, DURESS),
        (Kind.PANIC, False, Purpose.ALL_CLEAR, 0, LATER),
        (Kind.DURESS, False, Purpose.ALL_CLEAR, 0, LATER),
        (Kind.PANIC, True, Purpose.STEP, 1, BACKGROUND),
        (Kind.DURESS, True, Purpose.ALL_CLEAR, 0, BACKGROUND),
        (Kind.TECHNICAL, False, Purpose.STEP, 1, BACKGROUND),
        (Kind.TEST, False, Purpose.STEP, 1, BACKGROUND),
    ],
)
def test_first_signals_overtake_repeats_and_live_alarms_drills(
    kind: Kind, drill: bool, purpose: Purpose, round: int, urgency: int
) -> None:
    alarm = Story().press()
    notification = replace(alarm.notifications[0], purpose=purpose, round=round)
    assert priority(replace(alarm, kind=kind, drill=drill), notification) == urgency


def test_the_order_of_urgency() -> None:
    assert LINKED < DURESS < FIRST < LIVE < LATER < BACKGROUND


@pytest.mark.parametrize(
    ("kind", "drill", "linked", "whole"),
    [
        (Kind.PANIC, False, None, LIVE),
        (Kind.ASSIST, False, "first", LINKED),
        (Kind.DURESS, False, None, DURESS),
        (Kind.PANIC, True, None, BACKGROUND),
        (Kind.TECHNICAL, False, None, BACKGROUND),
        (Kind.TEST, False, None, BACKGROUND),
    ],
)
def test_a_helper_who_needs_help_goes_before_all_and_a_drill_behind(
    kind: Kind, drill: bool, linked: str | None, whole: int
) -> None:
    alarm = replace(Story().press(), kind=kind, drill=drill, linked=linked)
    assert urgency(alarm) == whole
    for round in (1, 2):
        again = replace(alarm.notifications[0], round=round)
        assert linked is None or priority(alarm, again) == LINKED
