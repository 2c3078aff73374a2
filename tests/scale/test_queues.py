"""The queues against what theory says of them, and against themselves: nothing is lost, nothing overtakes."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scale.queues import Passage, commit, percentile, serve, spread

JOBS = 60_000


def poisson(rate: float, jobs: int = JOBS, seed: int = 1) -> list[float]:
    dice, at, found = random.Random(seed), 0.0, []
    for _ in range(jobs):
        at += dice.expovariate(rate)
        found.append(at)
    return found


def exponential(mean: float, seed: int = 2) -> list[float]:
    dice = random.Random(seed)
    return [dice.expovariate(1 / mean) for _ in range(JOBS)]


def waited(arrivals: list[float], passage: Passage) -> float:
    """The mean time in the station."""
    return sum(left - at for at, left in zip(arrivals, passage.left, strict=True)) / len(arrivals)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_exponential_service_waits_as_m_m_1(load: float) -> None:
    """W = 1 / (mu - lambda)."""
    arrivals, takes = poisson(load), exponential(1.0)
    found = serve(arrivals, takes.__getitem__)
    assert waited(arrivals, found) == pytest.approx(1 / (1 - load), rel=0.08)
    assert found.busy / arrivals[-1] == pytest.approx(load, rel=0.02)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_constant_service_waits_as_m_d_1(load: float) -> None:
    """Pollaczek and Khinchine: W = 1/mu + rho / (2 mu (1 - rho))."""
    arrivals = poisson(load)
    assert waited(arrivals, serve(arrivals, lambda _: 1.0)) == pytest.approx(1 + load / (2 * (1 - load)), rel=0.06)


def test_several_servers_wait_as_m_m_c() -> None:
    """Erlang's C for four servers at a load of 0.8: 0.596; W = 1/mu + C / (c mu - lambda)."""
    arrivals, takes = poisson(3.2), exponential(1.0)
    assert waited(arrivals, serve(arrivals, takes.__getitem__, servers=4)) == pytest.approx(1 + 0.596 / 0.8, rel=0.06)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_groups_of_one_are_m_d_1(load: float) -> None:
    arrivals = poisson(load)
    alone, plain = commit(arrivals, 0.4, 0.6, most=1), serve(arrivals, lambda _: 1.0)
    assert waited(arrivals, alone) == pytest.approx(waited(arrivals, plain))


def test_groups_stand_a_load_that_single_commits_do_not() -> None:
    """A fixed time of 2 and 0.1 for each: alone 0.48 in a unit of time, in groups nearly 10."""
    arrivals = poisson(5)
    found = commit(arrivals, 2, 0.1, most=256)
    assert waited(arrivals, found) < 10
    assert percentile((left - at for at, left in zip(arrivals, found.left, strict=True)), 0.99) < 10


TIMES = st.lists(st.floats(0, 100), min_size=1, max_size=60).map(sorted)


@given(TIMES, st.integers(1, 4), st.integers(0, 1000))
def test_no_job_is_lost_or_leaves_before_it_was_served(arrivals: list[float], servers: int, seed: int) -> None:
    dice = random.Random(seed)
    takes = [dice.random() for _ in arrivals]
    found = serve(arrivals, takes.__getitem__, servers)
    assert len(found.left) == len(arrivals)
    assert all(left >= at + took - 1e-9 for at, took, left in zip(arrivals, takes, found.left, strict=True))
    assert found.busy == pytest.approx(sum(takes))
    assert 1 <= found.longest <= len(arrivals)
    if servers == 1:
        assert all(sooner <= later for sooner, later in pairwise(found.left))


@given(TIMES, st.floats(0.01, 5), st.floats(0.01, 1), st.integers(1, 9))
def test_no_job_is_lost_in_a_group(arrivals: list[float], fixed: float, each: float, most: int) -> None:
    found = commit(arrivals, fixed, each, most)
    assert len(found.left) == len(arrivals)
    assert all(left >= at + fixed + each - 1e-9 for at, left in zip(arrivals, found.left, strict=True))
    groups = [found.left.count(end) for end in dict.fromkeys(found.left)]
    assert max(groups) <= most
    assert found.busy == pytest.approx(sum(fixed + each * size for size in groups))


@given(TIMES, st.integers(1, 7))
def test_spreading_loses_nobody(arrivals: list[float], over: int) -> None:
    parts = spread(arrivals, over)
    assert sorted(at for part in parts for at in part) == arrivals
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_what_comes_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        serve([2, 1], lambda _: 1)
    with pytest.raises(ValueError, match="in order"):
        commit([2, 1], 1, 1, 1)


def test_percentiles() -> None:
    assert [percentile([3, 1, 2, 4], share) for share in (0.5, 0.75, 0.99)] == [2, 3, 4]
    assert percentile([], 0.5) == 0
