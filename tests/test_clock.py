"""The clock that never goes back, whoever moves the hands on the wall."""

from datetime import UTC, datetime, timedelta

from alarmd.clock import SystemClock

BEGAN = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hands(SystemClock):
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.wall, self.steady = BEGAN, timedelta(0)
        super().__init__()

    def _wall(self) -> datetime:
        return self.wall

    def _steady(self) -> timedelta:
        return self.steady

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
