"""The log as it grows, from where it stands when the node begins."""

from collections.abc import Callable

import pytest

from alarmd.dispatch.follower import Follower
from alarmd.errors import NotDurable
from alarmd.ports import Committed, Head, Logged, Reading
from tests.support.virtual import VirtualClock


class Away:
    """A store that is away until it is `back`, and then shows an empty organisation and a log of one event."""

    def __init__(self) -> None:
        self.back = False

    async def read(self, _work: Callable[[Reading], Head]) -> Head:
        if not self.back:
            raise NotDurable("the disk is away")
        return Head(1, 0, 0)


async def test_what_is_committed_before_the_beginning_is_known_is_no_news() -> None:
    """Whoever is told where the log stands is told of nothing that stood there already."""
    store, heard = Away(), list[int | str]()
    follower = Follower(store, VirtualClock())  # type: ignore[arg-type]  # it only asks for the head
    follower.began.append(lambda head: heard.append(f"begins after {head.position}"))
    follower.tell.append(lambda logged: heard.extend(one.position for one in logged))
    with pytest.raises(NotDurable):
        await follower.begin()
    follower.offer([committed(1)])
    store.back = True
    await follower.begin()
    follower.offer([committed(2)])
    assert heard == ["begins after 1", 2]


def committed(position: int) -> Committed:
    return Committed(None, (Logged(position, "a", None, "{}"),), (), None)
