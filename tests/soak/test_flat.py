"""What is called flat, and what is not: noise is none, a leak is one, and a warm-up is left out."""

import random

import pytest

from tests.soak.flat import Course, judge, warm_up

HOUR = 60.0


def course(slope: float, noise: float, *, least: float = 0, warm: float = 0) -> Course:
    """About 120, an hour long, a point every 10 s; `slope` in a minute. `warm`: it begins so much lower."""
    dice = random.Random(7)
    minutes = [n / 6 for n in range(361)]
    points = [(m, 120 - warm * max(0, 1 - m / 12) + slope * m + dice.gauss(0, noise)) for m in minutes]
    return Course("memory", "MiB", points, least)


@pytest.mark.parametrize("noise", [0, 0.1, 1, 5, 20])
def test_noise_is_flat(noise: float) -> None:
    assert judge(course(0, noise), HOUR).flat


@pytest.mark.parametrize("noise", [0, 0.5, 1, 2])
def test_a_leak_is_not(noise: float) -> None:
    """12 MiB in an hour, of which 8 after the warm-up."""
    found = judge(course(0.2, noise), HOUR)
    assert not found.flat
    assert found.rise == pytest.approx(8, abs=1)


def test_what_falls_is_no_leak() -> None:
    assert judge(course(-0.5, 0.1), HOUR).flat


def test_a_warm_up_is_left_out() -> None:
    assert judge(course(0, 0.5, warm=60), HOUR).flat
    assert [warm_up(minutes) for minutes in (60, 30, 90)] == [20, 15, 30]
    assert warm_up(10) == pytest.approx(20 / 3)


def test_a_few_outliers_move_nothing() -> None:
    steady = course(0, 0.5)
    wild = [(x, y + (400 if n % 50 == 49 else 0)) for n, (x, y) in enumerate(steady.points)]
    assert judge(Course("latency", "ms", wild), HOUR).flat


def test_small_numbers_may_rise_by_a_little() -> None:
    points = [(n / 6, 3 + n // 60) for n in range(361)]
    assert not judge(Course("tasks", "", points), HOUR).flat
    assert judge(Course("tasks", "", points, least=5), HOUR).flat


def test_too_little_to_judge_is_said() -> None:
    with pytest.raises(ValueError, match="memory: 0 points after the warm-up"):
        judge(Course("memory", "MiB", [(0, 1), (1, 1)]), HOUR)
