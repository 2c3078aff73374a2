"""The table of legal moves: nothing else is ever applied, and the page in docs/ is drawn from it."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from alarmd.alarm.events import Event, EventKind
from alarmd.alarm.lifecycle import CHANGES, Illegal, after
from alarmd.alarm.model import SYSTEM, State
from alarmd.alarm.transitions import TABLE
from scripts.states import PAGE, page
from tests.support.story import BEGAN, Story

DATA: Mapping[str, Any] = {
    "signal": "s2",
    "ref": None,
    "device": "desk-3",
    "zone": "fjordvik/reception",
    "kind": "panic",
    "note": None,
    "pressed_at": None,
    "fault": None,
    "next": None,
    "chain": "panic",
    "needed": 1,
    "counts": [],
    "arrive_by": None,
    "person": "ola",
    "people": [],
    "notification": "n1",
    "step": 1,
    "round": 1,
    "purpose": "step",
    "fall_back": False,
    "attempts": [],
    "drill": False,
    "outcome": "real",
}
"""Something for every kind of event to read."""


@pytest.mark.parametrize(("state", "kind"), list(itertools.product(State, EventKind)))
def test_only_what_the_table_knows_is_applied(state: State, kind: EventKind) -> None:
    alarm = replace(Story().press(), state=state)
    data = {**DATA, "counts": True} if kind is not EventKind.UPGRADED else {**DATA, "arrive_by": {}}
    for leads in State:
        event = Event(kind, BEGAN, SYSTEM, leads, data)
        if leads in TABLE.get((state, kind), ()):
            moved = after(alarm, event)
            assert moved.state is leads
            assert moved.version == alarm.version + 1
        else:
            with pytest.raises(Illegal, match=f"{kind} may not lead from {state} to {leads}"):
                after(alarm, event)


def test_an_alarm_is_raised_once_and_what_is_over_stays_over() -> None:
    assert not [pair for pair in TABLE if pair[1] is EventKind.RAISED]
    for (state, _), leads in TABLE.items():
        if state.ended:
            assert leads == (state,)


def test_every_state_can_be_reached_and_every_open_one_left() -> None:
    reached = {lead for leads in TABLE.values() for lead in leads}
    assert reached == set(State)
    for state in State:
        if not state.ended:
            assert {lead for (s, _), leads in TABLE.items() for lead in leads if s is state} >= {
                State.RESOLVED,
                State.CANCELLED,
            }


def test_only_events_without_facts_for_the_alarm_change_nothing_but_its_state() -> None:
    assert set(EventKind) - set(CHANGES) == {EventKind.RAISED, EventKind.ATTENDED, EventKind.NOTED}


def test_the_page_of_states_is_drawn_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "the table has changed: run python scripts/states.py"
