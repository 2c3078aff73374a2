"""The judge of a bad day finds each wrong that is planted in a good one."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alarmd.alarm.times import stamp
from tests.chaos.history import Bare, Event, Fault, History, Told, Yes, judge

BEGAN = 1_800_000_000.0


def at(seconds: float) -> str:
    return stamp(datetime.fromtimestamp(BEGAN + seconds, UTC))


def event(kind: str, seconds: float, position: int, **data: object) -> Event:
    return {"kind": kind, "alarm": "a", "at": at(seconds), "position": position, "data": data}


def next_at(seconds: float) -> dict[str, object]:
    return {"at": at(seconds), "step": 2, "round": 1}


def good() -> History:
    """One press, two steps, one telling, an end; and later, over another alarm, the log goes on. From 40 to 50 s
    something is broken that may be felt, from 60 s on something that may not."""
    log = [
        event("raised", 0, 1, ref="r", device="desk-1", next=next_at(0)),
        event("step_due", 0, 2, step=1, round=1, next=next_at(3)),
        event("notified", 0, 3, person="ola", attempts=[{"id": "t1", "channel": "webhook", "contact": 0}]),
        event("joined", 1, 4, ref=None, device="desk-1"),
        event("step_due", 3, 5, step=2, round=1, next=None),
        event("resolved", 5, 6, next=None),
        event("noted", 100, 7),
    ]
    faults = [Fault("felt", BEGAN + 40, BEGAN + 50), Fault("not felt", BEGAN + 60, None)]
    history = History(faults=faults, told=[Told("t1", BEGAN + 0.2)], watched=7, log=log)
    history.accepted.append(Yes("desk-1", "r", "a", BEGAN + 0.1))
    history.bare.append(Bare("desk-1", BEGAN + 1, BEGAN + 1.1))
    history.consoles["one"] = list(range(1, 8))
    return history


def move(history: History, position: int, seconds: float) -> None:
    history.log[position - 1]["at"] = at(seconds)


def given_up(history: History) -> None:
    history.given_up.append("nobody heard")


def lost(history: History) -> None:
    history.log[0]["data"]["ref"] = "another"


def elsewhere(history: History) -> None:
    history.log[0]["alarm"] = "b"


def lit_by_another_buttons(history: History) -> None:
    history.accepted.append(Yes("desk-1", "r", "b", BEGAN + 0.1, by_light=True))


def twice_in_the_log(history: History) -> None:
    history.log.append(event("joined", 6, 8, ref="r", device="desk-1"))


def bare_one_twice(history: History) -> None:
    history.log.append(event("joined", 6, 8, ref=None, device="desk-1"))


def bare_one_lost(history: History) -> None:
    history.bare.append(Bare("desk-1", BEGAN + 2, BEGAN + 2.1))


def one_lost_beside_one_that_the_broker_forgot(history: History) -> None:
    history.faults.append(Fault("killed", BEGAN + 30, None, (BEGAN + 24, BEGAN + 31)))
    history.bare += [Bare("desk-1", BEGAN + at, BEGAN + at + 0.1) for at in (2, 23.95)]


def late(history: History) -> None:
    move(history, 5, 4.5)


def late_while_what_is_broken_must_not_be_felt(history: History) -> None:
    history.log[1]["data"]["next"] = next_at(62)
    move(history, 5, 70)
    move(history, 6, 71)


def silent(history: History) -> None:
    del history.log[4:6]


def done_twice(history: History) -> None:
    history.log.insert(5, event("step_due", 4, 8, step=2, round=1, next=None))


def never_told(history: History) -> None:
    history.told.clear()


def told_late(history: History) -> None:
    history.told[0] = Told("t1", BEGAN + 9)


def told_twice(history: History) -> None:
    history.told.append(Told("t1", BEGAN + 45))  # what was broken then came long after


def a_gap(history: History) -> None:
    history.consoles["one"].remove(4)


def the_same_again(history: History) -> None:
    history.consoles["one"].insert(4, 4)


def never_caught_up(history: History) -> None:
    history.consoles["one"].pop()


WRONGS: dict[Callable[[History], None], str] = {
    given_up: "everything_was_taken",
    lost: "each_press_is_one_signal_in_one_alarm",
    elsewhere: "each_press_is_one_signal_in_one_alarm",
    lit_by_another_buttons: "each_press_is_one_signal_in_one_alarm",
    twice_in_the_log: "each_press_is_one_signal_in_one_alarm",
    bare_one_twice: "each_press_without_a_ref_is_one_signal",
    bare_one_lost: "each_press_without_a_ref_is_one_signal",
    one_lost_beside_one_that_the_broker_forgot: "each_press_without_a_ref_is_one_signal",
    late: "each_step_is_done_once_and_in_time",
    late_while_what_is_broken_must_not_be_felt: "each_step_is_done_once_and_in_time",
    silent: "each_step_is_done_once_and_in_time",
    done_twice: "each_step_is_done_once_and_in_time",
    never_told: "everybody_was_told",
    told_late: "each_telling_came_in_time",
    told_twice: "nobody_was_told_twice",
    a_gap: "each_console_saw_all_in_order",
    the_same_again: "each_console_saw_all_in_order",
    never_caught_up: "each_console_saw_all_in_order",
}


def test_a_good_day_has_no_finding() -> None:
    assert judge(good()) == []


@pytest.mark.parametrize(("plant", "check"), WRONGS.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_a_planted_wrong_is_found_by_its_name(plant: Callable[[History], None], check: str) -> None:
    history = good()
    plant(history)
    assert {finding.partition(":")[0] for finding in judge(history)} >= {check}


def test_a_light_may_name_a_newer_alarm_of_its_button() -> None:
    history = good()
    newer = {**event("raised", 6, 8, ref="newer", device="desk-1", next=None), "alarm": "b"}
    history.log[6:6] = [newer, {**event("resolved", 7, 9, next=None), "alarm": "b"}]
    history.accepted.append(Yes("desk-1", "r", "b", BEGAN + 6.5, by_light=True))
    assert judge(history) == []


def test_a_broker_that_is_killed_may_have_lost_or_doubled_what_it_had_not_written() -> None:
    history = good()
    history.faults.append(Fault("killed", BEGAN + 30, None, (BEGAN + 24, BEGAN + 31)))
    history.bare.append(Bare("desk-1", BEGAN + 23.95, BEGAN + 24.1))
    assert judge(history) == []
    history.log[5:5] = [
        event("joined", 24, 8, ref=None, device="desk-1"),
        event("joined", 31, 9, ref=None, device="desk-1"),
    ]
    assert judge(history) == []


def test_what_is_broken_excuses_what_is_late_until_it_is_over() -> None:
    history = good()
    history.log[1]["data"]["next"] = next_at(42)
    move(history, 5, 50.5)
    move(history, 6, 51)
    assert judge(history) == []
    move(history, 5, 51.5)
    move(history, 6, 52)
    assert judge(history) != []
