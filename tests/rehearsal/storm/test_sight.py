"""One console's book: a feed as it should be breaks nothing, wherever it is cut; each wrong is found and named."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmd.rehearsal.storm.sight import KEPT, Sight
from tests.rehearsal.storm.told import beat, event, events, hello, snapshot

Frame = Mapping[str, Any]


def seen(*frames: Frame, before: Sequence[Frame] = ()) -> Sight:
    """A console that gets these frames, the ones of `before` on a connection of their own."""
    sight = Sight("console")
    for connection in filter(None, (before, frames)):
        sight.opened(0)
        for frame in connection:
            sight.take(frame, 0)
        sight.closed(0)
    return sight


@given(st.data())
def test_a_feed_that_is_right_is_right_wherever_it_is_cut(data: st.DataObject) -> None:
    sight = Sight("console")
    began = head = data.draw(st.integers(0, 50))
    news: list[int] = []
    for _ in range(data.draw(st.integers(1, 5))):
        sight.opened(0)
        sight.take(hello(head), 0)
        if sight.position is None:
            sight.take(snapshot(head), 0)
        for size in data.draw(st.lists(st.integers(0, 4), max_size=4)):
            if size:
                assert sight.position is not None
                frame = events(*(event(sight.position + 1 + n) for n in range(size)))
                news += [found["position"] for found in sight.take(frame, 0)]
                head = max(head, news[-1])
            else:
                assert sight.position is not None
                sight.take(beat(sight.position), 0)
        sight.closed(0)
    assert sight.breaches == []
    assert news == list(range(began + 1, began + 1 + len(news)))


BEFORE = (hello(4), snapshot(4), events(event(5)))


@pytest.mark.parametrize(
    ("frames", "before", "told"),
    [
        ((snapshot(4),), (), "begins with snapshot"),
        ((hello(4), hello(4)), (), "a second hello"),
        ((hello(4), snapshot(4), events(event(6))), (), "6 after 4: a gap"),
        ((hello(4), snapshot(4), events(event(5)), events(event(5))), (), "5 again, after 5"),
        ((hello(4), snapshot(4), {**events(event(5)), "position": 7}), (), "a frame at 7 that ends with 5"),
        ((hello(4), snapshot(4), beat(5)), (), "a beat at 5, and seen is 4"),
        ((hello(5), events(event(7))), BEFORE, "7 after 5: a gap"),
        ((hello(5), events(event(5))), BEFORE, "5 again, after 5"),
        ((hello(3),), BEFORE, "saw 5, and the log is only 3 long"),
        ((hello(9), snapshot(9)), BEFORE, "came back with after=5, and got a snapshot at 9"),
        (({"type": "hello"},), (), "a hello without a position"),
    ],
)
def test_each_wrong_is_named(frames: Sequence[Frame], before: Sequence[Frame], told: str) -> None:
    assert f"console: {told}" in seen(*frames, before=before).breaches


def test_what_is_not_known_is_passed_over() -> None:
    assert seen(hello(4), snapshot(4), {"type": "weather", "position": 4}).breaches == []


def test_only_what_is_news_is_handed_on() -> None:
    sight = Sight("console")
    sight.opened(0)
    sight.take(hello(0), 0)
    sight.take(snapshot(0), 0)
    assert [e["position"] for e in sight.take(events(event(1), event(2)), 0)] == [1, 2]
    assert [e["position"] for e in sight.take(events(event(2), event(3)), 0)] == [3]


def test_all_wrongs_are_counted_and_some_are_kept() -> None:
    sight = seen(hello(0), snapshot(0), *(beat(9) for _ in range(100)))
    assert (sight.broken, len(sight.breaches)) == (100, KEPT)


def test_the_longest_silence_counts_while_it_is_connected() -> None:
    sight = Sight("console")
    sight.opened(10)
    sight.take(hello(0), 11)
    sight.take(snapshot(0), 13)
    assert sight.silence == 2
    sight.closed(16)
    sight.opened(100)
    assert sight.silence == 3
    sight.take(hello(0), 101)
    assert sight.silence == 3
