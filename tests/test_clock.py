"""The clock that never goes back, whoever moves the hands on the wall."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.clock import KEPT, SystemClock

BEGAN = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hands(SystemClock):
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.wall, self.steady = BEGAN, timedelta(0)
        self.ticks = itertools.count()
        super().__init__()

    def _wall(self) -> datetime:
        return self.wall

    def _steady(self) -> timedelta:
        return self.steady

    def _tick(self) -> int:
        return next(self.ticks)

    def passes(self, span: timedelta) -> None:
        self.wall += span
        self.steady += span


def test_put_back_an_hour_it_goes_on_and_says_so() -> None:
    clock = Hands()
    clock.wall -= HOUR
    clock.passes(timedelta(seconds=20))
    assert clock.now() == BEGAN + timedelta(seconds=20)
    assert clock.behind == HOUR


def test_put_forward_it_follows() -> None:
    clock = Hands()
    clock.wall += HOUR
    clock.passes(timedelta(seconds=1))
    assert clock.now() == BEGAN + HOUR + timedelta(seconds=1)
    assert not clock.behind


def test_put_right_again_it_is_the_wall_and_never_went_back() -> None:
    clock = Hands()
    clock.wall -= HOUR
    before = clock.now()
    clock.wall += HOUR
    clock.passes(timedelta(seconds=5))
    assert clock.now() == BEGAN + timedelta(seconds=5)
    assert clock.now() >= before
    assert not clock.behind


def test_a_small_correction_stops_it_and_never_turns_it() -> None:
    clock = Hands()
    clock.passes(timedelta(seconds=10))
    before = clock.now()
    clock.wall -= timedelta(seconds=1)
    assert clock.now() == before


def test_after_a_restart_it_goes_on_where_the_log_ends() -> None:
    clock = Hands()
    clock.catch_up(BEGAN + HOUR)
    clock.passes(timedelta(seconds=1))
    assert clock.now() == BEGAN + HOUR + timedelta(seconds=1)
    clock.catch_up(BEGAN)
    assert clock.now() == BEGAN + HOUR + timedelta(seconds=1), "an older entry changes nothing"


# Another clock is followed.

MINUTE, SECOND, MILLISECOND = timedelta(minutes=1), timedelta(seconds=1), timedelta(milliseconds=1)


class Asked(Hands):
    """Beside another clock, which is `off` by so much from the wall of the beginning, and answers after a while."""

    def __init__(self, off: timedelta) -> None:
        super().__init__()
        self.off = off

    def theirs(self) -> datetime:
        return BEGAN + self.steady + self.off

    def look(self, there: timedelta = MILLISECOND, back: timedelta = MILLISECOND) -> None:
        """Question and answer take so long."""

        def ask() -> datetime:
            self.passes(there)
            answer = self.theirs()
            self.passes(back)
            return answer

        self.follow(self.sample(ask))

    def wrong_by(self) -> timedelta:
        return abs(self.now() - self.theirs())


@pytest.mark.parametrize("off", [10 * MINUTE, -10 * MINUTE, timedelta(0)])
def test_from_its_first_instant_it_goes_by_the_other_clock(off: timedelta) -> None:
    clock = Asked(off)
    clock.look()
    assert clock.follows
    assert clock.wrong_by() <= MILLISECOND
    clock.passes(20 * SECOND)
    assert clock.wrong_by() <= MILLISECOND
    assert abs(clock.ahead + off) <= MILLISECOND
    assert not clock.behind


def test_whoever_sets_the_wall_sets_nothing_here() -> None:
    clock = Asked(MINUTE)
    clock.look()
    clock.wall += HOUR
    clock.passes(5 * SECOND)
    assert clock.wrong_by() <= MILLISECOND
    clock.wall -= 3 * HOUR
    clock.passes(5 * SECOND)
    assert clock.wrong_by() <= MILLISECOND
    assert not clock.behind
    assert abs(clock.ahead + 2 * HOUR + MINUTE) <= MILLISECOND


def test_of_several_looks_the_quickest_is_believed() -> None:
    clock = Asked(MINUTE)
    clock.look(there=400 * MILLISECOND, back=MILLISECOND)
    assert clock.wrong_by() > 190 * MILLISECOND, "it cannot know better yet"
    clock.look()
    clock.passes(SECOND)
    assert clock.wrong_by() <= MILLISECOND, "it stood until it was right"
    clock.look(there=MILLISECOND, back=2 * SECOND)
    assert clock.wrong_by() <= MILLISECOND


def test_a_slow_look_is_forgotten_after_a_while() -> None:
    clock = Asked(timedelta(0))
    clock.look(there=timedelta(0), back=timedelta(0))
    for _ in range(KEPT):
        clock.off += 5 * MILLISECOND  # it drifts
        clock.look(there=2 * MILLISECOND, back=2 * MILLISECOND)
    clock.passes(SECOND)
    assert clock.wrong_by() <= (KEPT - 1) * 5 * MILLISECOND + 2 * MILLISECOND


def test_another_clock_that_was_set_is_believed_at_once_but_never_back() -> None:
    clock = Asked(timedelta(0))
    clock.look()
    before = clock.now()
    clock.off = MINUTE
    clock.look()
    assert clock.wrong_by() <= MILLISECOND, "put forward it is followed"
    clock.off = timedelta(0)
    clock.look()
    clock.passes(SECOND)
    assert clock.now() - before > MINUTE
    assert timedelta(seconds=59) < clock.behind < timedelta(seconds=61)
    clock.passes(MINUTE)
    clock.off = 2 * MINUTE
    clock.look()
    assert clock.wrong_by() <= MILLISECOND
    assert not clock.behind


@given(st.lists(st.tuples(st.sampled_from(["passes", "wall", "off", "look"]), st.integers(-5_000, 5_000)), max_size=40))
def test_it_never_goes_back_whatever_happens_to_any_clock(moves: list[tuple[str, int]]) -> None:
    clock = Asked(timedelta(0))
    before = clock.now()
    for what, by in moves:
        span = by * MILLISECOND
        match what:
            case "passes":
                clock.passes(abs(span))
            case "wall":
                clock.wall += span
            case "off":
                clock.off += span
            case _:
                clock.look(there=abs(span))
        assert clock.now() >= before
        before = clock.now()
