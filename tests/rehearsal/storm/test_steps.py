"""The book of the chains' clocks, told by events as the log has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from alarmd.rehearsal.storm.steps import Steps
from tests.rehearsal.storm.told import event

BEGAN = datetime(2027, 3, 1, 9, tzinfo=UTC)


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def next_step(seconds: float | None, step: int, round: int = 1) -> dict[str, Any]:
    return {"at": None if seconds is None else at(seconds), "step": step, "round": round}


def done(seconds: float, step: int, next: dict[str, Any] | None, round: int = 1, reason: str = "step_is_due") -> Any:
    return event(1, "step_due", at=at(seconds), step=step, round=round, reason=reason, next=next)


def begun(steps: Steps) -> None:
    steps.take(event(1, "raised", at=at(0), next=next_step(0, 1)), instant(0))
    steps.take(done(0, 1, next_step(10, 2)), instant(0.2))


def test_a_step_is_late_by_what_it_was_seen_after_it_was_due() -> None:
    steps = Steps()
    begun(steps)
    assert steps.late == [], "the first step belongs to the press"
    steps.take(done(10.1, 2, next_step(30, 2, 2)), instant(10.4))
    assert steps.late == [0.4]
    assert steps.twice == []


def test_what_was_due_while_nobody_lived_is_due_when_somebody_does() -> None:
    steps = Steps()
    begun(steps)
    steps.take(done(10.1, 2, next_step(30, 2, 2)), instant(15.5))
    steps.dark.append((instant(9), instant(15)))
    assert steps.late == [0.5]


def test_a_step_that_the_clock_brings_twice_is_told() -> None:
    steps = Steps()
    begun(steps)
    steps.take(done(10, 2, next_step(30, 2, 2)), instant(10))
    steps.take(event(1, "joined", at=at(11), next=next_step(12, 2)), instant(11))
    steps.take(done(12, 2, next_step(30, 2, 2)), instant(12))
    assert steps.twice == ["a: step 2 of round 1"]


def test_what_somebody_asks_for_may_come_again() -> None:
    steps = Steps()
    begun(steps)
    for seconds in (3, 4):
        steps.take(done(seconds, 2, next_step(30, 2, 2), reason="asked_for_more"), instant(seconds))
    assert steps.twice == []


def test_a_stronger_kind_begins_its_own_chain() -> None:
    steps = Steps()
    begun(steps)
    steps.take(event(1, "upgraded", at=at(5), next=next_step(5, 1)), instant(5))
    steps.take(done(5, 1, next_step(20, 2)), instant(5))
    assert steps.twice == []


def test_a_step_that_nobody_does_is_overdue() -> None:
    steps = Steps()
    begun(steps)
    assert steps.overdue(instant(11), 2) == []
    assert steps.overdue(instant(12.1), 2) == ["a: step 2 of round 1"]
    steps.dark.append((instant(9), instant(11)))
    assert steps.overdue(instant(12.1), 2) == []


def test_nothing_is_due_while_the_clock_stands_or_when_it_is_over() -> None:
    for kind, data in (("acknowledged", {"next": next_step(None, 2)}), ("resolved", {"outcome": "real"})):
        steps = Steps()
        begun(steps)
        steps.take(event(1, kind, at=at(5), **data), instant(5))
        assert steps.overdue(instant(100), 2) == []


def test_a_step_that_reaches_nobody_is_done_as_well() -> None:
    steps = Steps()
    begun(steps)
    steps.take(event(1, "escalated", at=at(10), step=2, reason="nobody_reached", next=next_step(10, 3)), instant(10.25))
    assert steps.late == [0.25]
