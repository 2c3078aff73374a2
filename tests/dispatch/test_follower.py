"""The log as it grows, from where it stands when the node begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import pytest

from alarmd.dispatch.follower import Follower
from alarmd.errors import NotDurable
from alarmd.ports import EVENTS_LOST, Committed, Head, Logged
from tests.support.virtual import VirtualClock

T = TypeVar("T")


class Away:
    """A store that is away until it is `back`, and then shows an empty organisation and a log of one event."""

    def __init__(self) -> None:
        self.back = False

    async def read(self, work: Callable[[Any], T]) -> T:
        if not self.back:
            raise NotDurable("the disk is away")
        return work(self)

    def head(self) -> Head:
        return Head(1, 0, 0)

    def era(self) -> str:
        return "first"


class Shrinking(Away):
    """A store whose log may come back without its last events, and with others in their places."""

    def __init__(self) -> None:
        super().__init__()
        self.back = True
        self.log = [event(n + 1, "before") for n in range(10)]
        self.notes: list[Mapping[str, Any]] = []

    async def transact(self, work: Callable[[Any], T]) -> T:
        return work(self)

    def head(self) -> Head:
        return Head(len(self.log), 0, 0)

    def era(self) -> str:
        return f"log {len(self.notes)}"

    def events(self, after: int, limit: int) -> tuple[Logged, ...]:
        return tuple(self.log[after : after + limit])

    def note(self, action: str, detail: dict[str, Any], *, by: str, now: datetime) -> None:
        assert (action, by, bool(now)) == (EVENTS_LOST, "alarmd", True)
        self.notes.append(detail)

    def lose(self, *, keeps: int, gains: int = 0) -> None:
        self.log[keeps:] = [event(keeps + 1 + n, "since") for n in range(gains)]


@dataclass
class Following:
    """A follower of such a store, and whom it tells."""

    store: Shrinking
    follower: Follower
    began: list[int] = field(default_factory=list)
    told: list[Logged] = field(default_factory=list)
    elsewhere: list[bool] = field(default_factory=list)


async def following(store: Shrinking) -> Following:
    """From the end of the log on; an event of a sister has been told."""
    follower = Follower(store, VirtualClock())  # type: ignore[arg-type]  # it asks for no more than these
    known = Following(store, follower)
    follower.began.append(lambda head: known.began.append(head.position))
    follower.tell.append(known.told.extend)
    follower.elsewhere.append(lambda: known.elsewhere.append(True))
    await follower.begin()
    store.log.append(event(11, "before"))
    await follower._look()
    assert [one.position for one in known.told] == [11]
    known.told.clear()
    known.elsewhere.clear()
    return known


@pytest.mark.parametrize(("keeps", "gains"), [(7, 0), (7, 2), (7, 4), (7, 9), (10, 1), (0, 0)])
async def test_a_log_that_lost_its_end_is_another_one_and_what_it_gains_is_told(keeps: int, gains: int) -> None:
    """Whether it is shorter now, as long, or longer than what was followed."""
    store = Shrinking()
    known = await following(store)
    store.lose(keeps=keeps, gains=gains)
    await known.follower._look()
    assert store.notes == [{"known": 11, "found": keeps + gains}]
    assert (known.began, known.follower.era, known.elsewhere) == ([10, keeps + gains], "log 1", [True])
    store.log.append(event(len(store.log) + 1, "since"))
    await known.follower._look()
    assert known.told == store.log[-1:]
    assert len(store.notes) == 1, "it is said once"


async def test_one_that_only_hears_of_it_begins_anew_too() -> None:
    """A sister has noticed it; what this node knew still stands."""
    store = Shrinking()
    known = await following(store)
    store.notes.append({"known": 12})
    store.log.append(event(12, "since"))
    await known.follower._look()
    assert (known.began, known.follower.era, len(store.notes)) == ([10, 12], "log 1", 1)


async def test_what_it_has_told_itself_is_known_again() -> None:
    """Its own commits are compared with what is stored, and are the same."""
    store = Shrinking()
    known = await following(store)
    store.log.append(event(12, "own"))
    known.follower.offer([Committed(None, (store.log[-1],), (), None)])
    await known.follower._look()
    assert (known.began, store.notes) == ([10], [])
    store.lose(keeps=11, gains=1)
    await known.follower._look()
    assert (known.began, len(store.notes)) == ([10, 12], 1)


async def test_what_is_committed_before_the_beginning_is_known_is_no_news() -> None:
    """Whoever is told where the log stands is told of nothing that stood there already."""
    store, heard = Away(), list[int | str]()
    follower = Follower(store, VirtualClock())  # type: ignore[arg-type]  # it only asks for the head and which log it is
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


def event(position: int, when: str) -> Logged:
    return Logged(position, f"alarm-{position}-{when}", None, "{}")
