"""Who takes the broker's presses, in virtual time over a real store: taken, kept, taken over, given up."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from alarmd.alarm.incoming import Sitting
from alarmd.dispatch.seat import BEAT, LOOK, PATIENCE, TURNS, Standing, drawn
from alarmd.ports import Registry
from tests.support.seats import Node, Shared, marked, marks, seat
from tests.support.virtual import VirtualClock

T = TypeVar("T")


async def test_the_first_who_is_connected_sits(node: Callable[[str], Node]) -> None:
    one, two = node("one"), node("two")
    assert await one.keeper.sit() is None, "who has no connection could not read anything"
    assert await two.look() == Sitting(1, 0)
    assert await one.look() is None
    assert await two.keeper.sit() == Sitting(1, 0), "and is known to sit when it must connect again"
    assert one.reports == two.reports == []


async def test_while_it_works_nobody_takes_its_place_and_clocks_do_not_matter(
    node: Callable[[str], Node], store: Shared
) -> None:
    one, two = node("one"), Node(store, VirtualClock(VirtualClock().now().replace(year=2031)), "ahead")
    assert await one.look()
    assert await one.live(60, two) is None
    assert await two.look() is None


async def test_whose_beat_stands_still_has_lost_its_seat(
    node: Callable[[str], Node], store: Shared, clock: VirtualClock
) -> None:
    one, two = node("one"), node("two")
    assert await one.look() == Sitting(1, 0)
    await one.live(2, two)
    stopped_at = clock.now()
    while (taken := await two.look()) is None:
        await clock.advance(LOOK.total_seconds())
    assert taken == Sitting(2, 0)
    assert clock.now() - stopped_at <= PATIENCE + LOOK
    assert two.reports == [("node:one", "one takes no presses, it gave no sign of life; two does")]
    assert await one.keeper.beat() is Standing.LOST, "it wakes up"
    assert await one.keeper.sit() is None
    assert await one.look() is None
    assert (await seat(store)).holder == "two"


async def test_a_watcher_that_was_stopped_itself_takes_nothing(
    node: Callable[[str], Node], clock: VirtualClock
) -> None:
    one, two = node("one"), node("two")
    assert await one.look()
    assert await two.look() is None
    await one.live(60)
    assert await two.look() is None, "the beat has moved while it slept"
    await clock.advance(1.9)
    assert await one.keeper.beat() is Standing.OURS
    await clock.advance(0.2)
    assert await two.look() is None


async def test_of_two_watchers_one_sits(node: Callable[[str], Node]) -> None:
    one, two, three = node("one"), node("two"), node("three")
    assert await one.look()
    await two.wait()
    await three.wait()
    assert await two.look() == Sitting(2, 0)
    assert await three.look() is None


async def test_where_all_wait_long_for_the_lock_silence_is_counted_in_turns(
    node: Callable[[str], Node], clock: VirtualClock
) -> None:
    """However long each takes: the holder stands in the same line, and may have others of its own before its beat."""
    one, two = node("one"), node("two")
    assert await one.look()
    for _ in range(5):
        for _ in range(TURNS):
            assert await two.look() is None
            await clock.advance(10)
        assert await one.keeper.beat() is Standing.OURS
    for _ in range(TURNS + 1):
        assert await two.look() is None
        await clock.advance(10)
    assert await two.look(), "a node that is dead is replaced in a slow database too"


async def test_while_the_store_cannot_be_written_nobody_is_silent(node: Callable[[str], Node], store: Shared) -> None:
    one, two = node("one"), node("two")
    assert await one.look()
    await two.wait()
    store.full = True
    assert await two.look() is None
    for _ in range(3):
        await two.wait()
    store.full = False
    for _ in range(2 * TURNS):
        assert await two.look() is None, "it counts anew"
    assert await one.keeper.beat() is Standing.OURS


async def test_a_beat_between_look_and_taking_keeps_the_seat(
    node: Callable[[str], Node], store: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = node("one"), node("two")
    assert await one.look()
    await two.wait()
    real = store.transact

    async def transact(work: Callable[[Registry], T]) -> T:
        monkeypatch.setattr(store, "transact", real)
        assert await one.keeper.beat() is Standing.OURS
        return await real(work)

    monkeypatch.setattr(store, "transact", transact)
    assert await two.look() is None
    assert await one.keeper.beat() is Standing.OURS


async def test_the_brokers_word_that_a_connection_ended_frees_its_seat_at_once(node: Callable[[str], Node]) -> None:
    one, two, three = node("one"), node("two"), node("three")
    assert await one.look() == Sitting(1, 0)
    assert await two.look(gone=1) == Sitting(2, 0)
    assert two.reports == [("node:one", "one takes no presses, its connection to the broker broke; two does")]
    assert await three.look(gone=1) is None, "the word was of the one before"
    assert await one.look() is None


async def test_a_database_that_lacks_the_last_takeover_lets_one_sit_and_no_two(
    store: Shared, clock: VirtualClock
) -> None:
    """It failed over to a standby that was behind: whoever took the seat there has never had it."""
    one, two, three = (Node(store, clock, name, drawn) for name in ("one", "two", "three"))
    first = await one.look()
    assert first
    before = await seat(store)
    assert await three.look() is None
    second = await two.look(gone=first.term)
    began = await two.keeper.new_session()
    assert second
    assert began
    await store.transact(lambda unit: unit.put_seat(before))
    third = await three.look(gone=first.term)
    assert third
    assert third.term not in (first.term, second.term)
    assert await two.keeper.beat() is Standing.LOST
    assert await two.look() is None
    assert await three.keeper.beat() is Standing.OURS
    again = await three.keeper.new_session()
    assert again
    assert again.session != began.session


async def test_given_up_in_good_order_it_is_free_at_once(node: Callable[[str], Node]) -> None:
    one, two = node("one"), node("two")
    assert await one.look() == Sitting(1, 0)
    assert await one.keeper.release() == 1
    assert await one.keeper.beat() is Standing.LOST
    assert await one.keeper.release() is None
    assert await two.look() == Sitting(2, 0)
    assert two.reports == []


async def test_what_was_lost_cannot_be_given_up(node: Callable[[str], Node]) -> None:
    one, two = node("one"), node("two")
    assert await one.look()
    assert await two.look(gone=1)
    assert await one.keeper.release() is None
    assert await two.keeper.beat() is Standing.OURS


async def test_after_a_crash_a_node_sits_again_before_it_is_connected(node: Callable[[str], Node]) -> None:
    assert await node("one").look()
    again = node("one")
    assert await again.keeper.sit() == Sitting(2, 0)
    assert again.reports == []


async def test_two_nodes_of_one_name_do_not_push_each_other_off_for_ever(
    node: Callable[[str], Node], clock: VirtualClock
) -> None:
    one, twin = node("one"), node("one")
    assert await one.look()
    assert await twin.look(), "it takes the other one for its earlier life, once"
    assert await one.look() is None
    await clock.advance(1)
    assert await one.look() is None
    assert await twin.keeper.beat() is Standing.OURS


async def test_while_the_store_is_away_nobody_is_silent(
    node: Callable[[str], Node], store: Shared, clock: VirtualClock
) -> None:
    one, two = node("one"), node("two")
    assert await one.look()
    await two.look()
    store.away = True
    for _ in range(20):
        assert await one.keeper.beat() is Standing.UNKNOWN
        assert await two.look() is None
        await clock.advance(1)
    store.away = False
    assert await two.look() is None
    assert await one.keeper.beat() is Standing.OURS
    assert await one.keeper.sit() == Sitting(1, 0)


async def test_without_a_store_nobody_goes_on_reading_the_session(node: Callable[[str], Node], store: Shared) -> None:
    one = node("one")
    assert await one.look()
    store.away = True
    assert await one.keeper.sit() is None, "a sister may have taken the seat"
    assert await one.keeper.new_session() is None
    assert await one.keeper.release() is None


async def test_a_seat_that_was_taken_without_our_knowing_is_found(node: Callable[[str], Node], store: Shared) -> None:
    one, two = node("one"), node("two")
    assert await two.look()
    assert await two.keeper.release()
    store.mute = True
    assert await one.look() is None
    assert (await seat(store)).holder == "one"
    store.mute = False
    assert await one.look() == Sitting(3, 0)


async def test_alone_on_its_file_a_node_sits_and_writes_nothing_for_it(
    node: Callable[[str], Node], store: Shared
) -> None:
    store.one_daemon = True
    one = node("one")
    assert await one.keeper.sit() == Sitting(0, 0)
    store.away = True
    assert await one.keeper.sit() == Sitting(0, 0), "nobody else can have taken it"
    store.away = False
    assert await one.keeper.beat() is Standing.OURS
    assert await one.keeper.release() is None
    assert store.writes == 0
    await marked(store, 1)
    assert await one.keeper.new_session() == Sitting(0, 1)
    assert await marks(store) == []
    await marked(store, 2)
    assert await one.keeper.beat([(2, "arrival-2")]) is Standing.OURS
    assert await marks(store) == []
    assert (await seat(store)).beat == 0


def test_a_press_is_stored_within_five_seconds_whatever_a_node_does() -> None:
    assert (BEAT + PATIENCE + LOOK).total_seconds() < 4
