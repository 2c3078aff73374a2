"""What the seat keeps of the broker's session: its name, and the marks of the presses that are stored."""

from collections.abc import Callable

import pytest

from alarmd.alarm.incoming import Sitting
from alarmd.dispatch.seat import Standing
from tests.support.seats import Node, Shared, marked, marks, seat


async def test_marks_go_when_the_broker_knows_and_all_of_them_with_their_session(
    node: Callable[[str], Node], store: Shared
) -> None:
    one = node("one")
    assert await one.look()
    await marked(store, 1, 2, 3, 4)
    assert await one.keeper.beat([(1, "arrival-1"), (2, "another")]) is Standing.OURS
    assert await marks(store) == [2, 3, 4], "number 2 is another message by now"
    store.away = True
    assert await one.keeper.beat([(3, "arrival-3")]) is Standing.UNKNOWN
    store.away = False
    assert await one.keeper.beat() is Standing.OURS
    assert await marks(store) == [2, 4], "it was not forgotten that 3 is settled"
    assert await one.keeper.new_session() == Sitting(1, 2)
    assert await marks(store) == []
    assert await one.keeper.sit() == Sitting(1, 2)


async def test_marks_that_a_crash_left_behind_go(node: Callable[[str], Node], store: Shared) -> None:
    one, two = node("one"), node("two")
    assert not await one.keeper.forget_besides("arrival-2")
    assert await one.look()
    await marked(store, 1, 2)
    store.away = True
    assert not await one.keeper.forget_besides("arrival-2")
    store.away = False
    assert await one.keeper.forget_besides("arrival-2")
    assert await marks(store) == [2]
    assert await two.look(gone=1)
    assert not await one.keeper.forget_besides("arrival-1"), "it is not his any more"
    assert await marks(store) == [2]


@pytest.mark.parametrize("alone", [False, True])
async def test_a_new_session_that_could_not_be_noted_is_noted_before_the_next_connection(
    alone: bool, node: Callable[[str], Node], store: Shared
) -> None:
    """The line breaks first, and on the next one the broker says that the session is there."""
    store.one_daemon = alone
    one = node("one")
    before = await one.look()
    assert before
    await marked(store, 1)
    store.full = True
    assert await one.keeper.new_session() is None
    assert await one.keeper.sit() is None, "what it delivers again must not be taken for what has a mark"
    store.full = False
    after = await one.keeper.sit()
    assert after
    assert (after.term, after.session != before.session) == (before.term, True)
    assert await marks(store) == []
    await marked(store, 2)
    assert await one.keeper.sit() == after
    assert await marks(store) == [2]


async def test_a_session_that_was_not_noted_is_forgotten_with_the_seat(
    node: Callable[[str], Node], store: Shared
) -> None:
    one, two = node("one"), node("two")
    assert await one.look() == Sitting(1, 0)
    store.full = True
    assert await one.keeper.new_session() is None
    store.full = False
    taken = await two.look(gone=1)
    assert taken
    assert await one.look() is None
    await marked(store, 1)
    assert await one.look(gone=taken.term)
    assert await marks(store) == [1], "they are of two's session, not of that one"


async def test_who_has_lost_the_seat_touches_no_mark_and_begins_no_session(
    node: Callable[[str], Node], store: Shared
) -> None:
    one, two = node("one"), node("two")
    assert await one.look()
    await marked(store, 1)
    assert await two.look(gone=1)
    assert await one.keeper.beat([(1, "arrival-1")]) is Standing.LOST
    assert await marks(store) == [1], "the acknowledgement may not have reached the broker"
    three = node("three")
    assert await three.look(gone=2)
    assert await two.keeper.new_session() is None
    assert await two.keeper.new_session() is None
    assert (await seat(store)).session == 0
