"""What follows from a seed: the same every time, near what was asked for, and each matter by itself."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Kind
from alarmd.intake.wire import press_of
from alarmd.rehearsal.storm.chance import rolls
from alarmd.rehearsal.storm.plan import GARBLES, LATEST, Press, kills, presses, troubles
from alarmd.rehearsal.storm.spoken import garbled, native
from alarmd.rehearsal.storm.weather import BURST, Weather

MANY = Weather(4000, ("a", "b", "c"), rate=100, seed=3)
EVERYTHING = replace(
    MANY, kinds={Kind.PANIC: 3, Kind.ASSIST: 1}, repeats=0.2, late=0.1, garbled=0.05, answers=0.5, slow=0.2, failing=0.1
)
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def planned(weather: Weather) -> list[Press]:
    return list(presses(weather, "run", rolls(weather.seed)))


def test_the_same_seed_is_the_same_storm() -> None:
    again, other = planned(EVERYTHING), planned(replace(EVERYTHING, seed=4))
    assert planned(EVERYTHING) == again
    assert [press.device for press in again] != [press.device for press in other]
    assert troubles(EVERYTHING, rolls(3)) == troubles(EVERYTHING, rolls(3)) != troubles(EVERYTHING, rolls(4))


def test_what_is_added_to_a_storm_changes_nothing_of_the_rest() -> None:
    plain, more = planned(MANY), planned(EVERYTHING)
    assert [(p.at, p.device, p.ref) for p in plain] == [(p.at, p.device, p.ref) for p in more]


def test_shares_are_near_what_was_asked_for() -> None:
    found = planned(EVERYTHING)
    assert sum(p.again is not None for p in found) == pytest.approx(800, abs=120)
    assert sum(p.late is not None for p in found) == pytest.approx(400, abs=80)
    assert sum(p.garbled is not None for p in found) == pytest.approx(200, abs=60)
    assert sum(p.answer is not None for p in found) == pytest.approx(2000, abs=150)
    assert Counter(p.kind for p in found)[Kind.PANIC] == pytest.approx(3000, abs=150)
    assert {p.garbled for p in found} == {None, *range(GARBLES)}
    assert all(1 <= p.late <= LATEST for p in found if p.late is not None)
    assert len({p.ref for p in found}) == 4000


def test_presses_come_at_their_rate_or_all_at_once() -> None:
    assert [p.at for p in planned(replace(MANY, presses=4, rate=2))] == [0, 0.5, 1, 1.5]
    assert {p.at for p in planned(replace(MANY, presses=4, rate=0))} == {0}
    assert (MANY.span, replace(MANY, rate=0).span) == (40, BURST)


def test_who_answers_comes_or_cannot() -> None:
    found = planned(EVERYTHING)
    acts = Counter(tuple(act for act, _ in p.answer.acts) for p in found if p.answer)
    whole = (Action.ACKNOWLEDGE, Action.EN_ROUTE, Action.ARRIVED, Action.RESOLVE)
    assert acts.most_common(1)[0][0] == whole
    assert acts[Action.DECLINE,] > 0
    assert all((p.answer.at_last is None) == (p.answer.acts[-1][0] is Action.RESOLVE) for p in found if p.answer)
    waits = [wait for p in found if p.answer for _, wait in p.answer.acts]
    assert sum(waits) / len(waits) == pytest.approx(EVERYTHING.answer_after, rel=0.1)


def test_without_a_wish_nothing_is_out_of_order() -> None:
    assert all(p == Press(p.number, p.at, p.device, p.ref) for p in planned(MANY))
    assert troubles(MANY, rolls(3)) == ()
    assert list(kills(None, MANY, rolls(3)("kills"))) == []


def test_providers_are_in_trouble_for_their_share_of_the_time() -> None:
    found = troubles(EVERYTHING, rolls(3))
    assert sum(t.end - t.start for t in found if t.slow) == pytest.approx(0.2 * MANY.span)
    assert sum(t.end - t.start for t in found if not t.slow) == pytest.approx(0.1 * MANY.span)
    assert all(0 <= t.start < t.end <= MANY.span for t in found)
    assert [t.start for t in found] == sorted(t.start for t in found)


def test_nodes_are_killed_about_so_often_and_not_after_the_last_press() -> None:
    found = list(kills(5, MANY, rolls(3)("kills")))
    assert len(found) == pytest.approx(7, abs=2)
    assert all(0 < at < MANY.span and 0 <= which < 1 for at, which in found)
    assert all(2.5 <= later - sooner <= 7.5 for (sooner, _), (later, _) in pairwise(found))


def test_a_press_on_the_wire_is_one_that_alarmd_reads() -> None:
    press = Press(7, 0, "desk", "storm-1-run-7", Kind.DURESS, late=90)
    body = native(press, NOW)
    pressed, unreadable = press_of("desk", json.dumps(body).encode())
    assert unreadable is None
    assert (pressed.ref, pressed.kind, pressed.pressed_at) == (press.ref, Kind.DURESS, "2027-03-01T08:58:30.000Z")
    assert native(Press(7, 0, "desk", "r"), NOW) == {"ref": "r"}


@pytest.mark.parametrize("way", range(GARBLES))
def test_no_garbled_press_can_be_read(way: int) -> None:
    press = Press(7, 0, "desk", "storm-1-run-7", garbled=way)
    pressed, unreadable = press_of("desk", garbled(press, native(press, NOW)))
    assert unreadable is not None
    assert pressed.fault == unreadable, "it raises, and says why"
