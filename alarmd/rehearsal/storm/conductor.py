"""Has everybody of a storm play together: consoles look on before the first press; presses come at their time, by many
hands; meanwhile nodes are killed, lines cut, providers in trouble, and people answer; then it waits until nothing is
missing, or patience is at its end.

A press is tried again with the same `ref` until it is accepted, as devices do it. Nothing here waits for ever. What is
right or wrong is not decided here. Called by `commands/storm.py`.
"""

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from alarmd.dispatch.supervisor import Supervisor
from alarmd.errors import AlarmdError, CannotStart
from alarmd.ports import Clock
from alarmd.rehearsal.mood import Mood
from alarmd.rehearsal.orders import Spawn
from alarmd.rehearsal.storm.books import Books, Event
from alarmd.rehearsal.storm.chance import rolls
from alarmd.rehearsal.storm.consoles import News, Ticks
from alarmd.rehearsal.storm.doors import Door, NotTakenError
from alarmd.rehearsal.storm.plan import Answer, Press, Trouble, kills, presses, troubles
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.spoken import garbled, native
from alarmd.rehearsal.storm.weather import Weather

T = TypeVar("T")

AGAIN_AFTER = timedelta(milliseconds=500)
"""From a press that nobody took to the same once more."""
LOOKS = timedelta(milliseconds=100)
"""Between two looks of whoever shows the progress."""


class Eyes(Protocol):
    """Everybody who looks on (`consoles.py`)."""

    news: list[News]

    @property
    def looking(self) -> bool: ...

    @property
    def now(self) -> datetime: ...

    def cut(self, which: float) -> None: ...

    async def watch(self, sight: Sight, number: int) -> None: ...


class Hands(Protocol):
    """Everybody who answers (`people.py`)."""

    answers: dict[str, Answer]
    busy: int

    def hear(self, events: Sequence[Event], spawn: Spawn) -> None: ...


class Mortals(Protocol):
    """Nodes that can be killed (`nodes.py`)."""

    async def kill(self, which: float) -> None: ...

    async def watch(self, span: float) -> None: ...


class Ears(Protocol):
    """Providers that can be in trouble (`provider.py`); `now`: how they are."""

    now: Mood

    async def live(self, troubles: Sequence[Trouble], over: asyncio.Event) -> None: ...


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays. Without `consoles` nobody looks on, and so on."""

    door: Door
    consoles: Eyes | None = None
    people: Hands | None = None
    provider: Ears | None = None
    nodes: Mortals | None = None


class Storm:
    """One storm. `look` is called now and then while it lasts."""

    def __init__(self, weather: Weather, books: Books, cast: Cast, clock: Clock, ticks: Ticks) -> None:
        self.dice = rolls(weather.seed)
        self.troubles = troubles(weather, self.dice)
        self._weather = weather
        self._books = books
        self._cast = cast
        self._clock = clock
        self._ticks = ticks
        self._queue: asyncio.Queue[tuple[Press, Mapping[str, str]]] = asyncio.Queue()
        self._bell = asyncio.Event()
        self._pressed = asyncio.Event()
        """The last press is out: from here on nobody is harmed any more."""
        self._over = asyncio.Event()
        self._refused: AlarmdError | None = None
        self._again = 0
        """Repeats that have not been answered."""

    async def run(self, look: Callable[[], None]) -> None:
        """The whole storm. Raises AlarmdError for what alarmd refuses for good."""
        async with Supervisor() as supervisor:
            self._spawn = supervisor.spawn
            supervisor.spawn("progress", self._show(look))
            supervisor.spawn("door", self._fatal(self._cast.door.run()))
            await self._open_eyes()
            if not self._refused:
                self._begin()
                await self._pace()
                self._pressed.set()
                await self._until(self._done)
            self._pressed.set()
            self._over.set()
            look()
        if self._refused is not None:
            raise self._refused

    async def _open_eyes(self) -> None:
        consoles = self._cast.consoles
        if consoles is None:
            return
        people = self._cast.people
        if people is not None:
            consoles.news.append(lambda events: people.hear(events, self._guarded))
        for number, sight in enumerate(self._books.sights):
            self._guarded(sight.name, consoles.watch(sight, number))
        await self._until(lambda: consoles.looking)
        if not consoles.looking:
            self._refused = self._refused or CannotStart("the consoles' feed does not begin; nothing was pressed")

    def _begin(self) -> None:
        """Hands to press with, and whatever goes wrong meanwhile."""
        weather, cast = self._weather, self._cast
        for number in range(min(cast.door.at_once, weather.presses)):
            self._guarded(f"presser-{number}", self._press())
        if cast.nodes is not None:
            self._guarded("samples", cast.nodes.watch(weather.span))
            self._guarded("kills", self._at(kills(weather.kill_every, weather, self.dice("kills")), cast.nodes.kill))
        if cast.consoles is not None:
            cuts = kills(weather.cut_every, weather, self.dice("cuts"))
            self._guarded("cuts", self._at(cuts, self._cut))
        if cast.provider is not None and self.troubles:
            self._guarded("troubles", cast.provider.live(self.troubles, self._pressed))

    async def _pace(self) -> None:
        """Every press at its time; late ones at once."""
        began, run = self._clock.now(), uuid.uuid4().hex[:12]
        for press in presses(self._weather, run, self.dice):
            await self._clock.sleep_until(began + timedelta(seconds=press.at))
            if self._refused:
                return
            body = native(press, self._clock.now())
            self._books.tally.press(press, self._ticks(), claims=body.get("pressed_at"))
            if press.answer is not None and self._cast.people is not None:
                self._cast.people.answers[press.ref] = press.answer
            self._queue.put_nowait((press, body))
            if press.again is not None:
                self._again += 1
                self._guarded(f"again {press.number}", self._say_again(press, body))

    async def _press(self) -> None:
        while True:
            press, body = await self._queue.get()
            if press.garbled is not None:
                payload = garbled(press, body)
                await self._insist(lambda: self._cast.door.garble(press.device, payload))  # noqa: B023 - awaited at once
            else:
                await self._accepted(press, body)
            self._bell.set()

    async def _say_again(self, press: Press, body: Mapping[str, str]) -> None:
        await self._clock.sleep_until(self._clock.now() + timedelta(seconds=press.again or 0))
        await self._accepted(press, body)
        self._books.tally.said_again += 1
        self._again -= 1
        self._bell.set()

    async def _accepted(self, press: Press, body: Mapping[str, str]) -> None:
        taken = await self._insist(lambda: self._cast.door.press(press.device, body))
        self._books.tally.accept(press.ref, self._ticks(), taken.alarm, taken.signal)

    async def _insist(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The same again, until it is taken."""
        while True:
            try:
                return await ask()
            except NotTakenError as fault:
                self._books.tally.fault(str(fault))
                self._books.tally.tried_again += 1
            await self._clock.sleep_until(self._clock.now() + AGAIN_AFTER)

    async def _at(
        self, moments: Iterator[tuple[float, float]], do: Callable[[float], Coroutine[Any, Any, None]]
    ) -> None:
        """Do this at each of these moments, until the last press is out."""
        began = self._clock.now()
        for at, which in moments:
            await self._clock.sleep_until(began + timedelta(seconds=at), self._pressed)
            if self._pressed.is_set():
                return
            await do(which)

    async def _cut(self, which: float) -> None:
        assert self._cast.consoles is not None
        self._cast.consoles.cut(which)
        self._books.cuts += 1

    def _done(self) -> bool:
        """Nothing is under way, and nothing is missing. What is cheap to know is asked first."""
        tally, people = self._books.tally, self._cast.people
        under_way = self._again or self._queue.qsize() or tally.unanswered or tally.missing
        return not (under_way or (people is not None and people.busy) or self._books.open_matters)

    async def _until(self, fits: Callable[[], bool]) -> None:
        """Wait until it fits, patience is at its end, or somebody was refused for good."""
        deadline = self._clock.now() + timedelta(seconds=self._weather.patience)
        while not fits() and not self._refused and self._clock.now() < deadline:
            self._bell.clear()
            await self._clock.sleep_until(min(deadline, self._clock.now() + LOOKS), self._bell)

    async def _show(self, look: Callable[[], None]) -> None:
        """Now and then; and how late that is tells how busy the storm itself is."""
        while not self._over.is_set():
            look()
            due = self._ticks() + LOOKS.total_seconds()
            await self._clock.sleep_until(self._clock.now() + LOOKS, self._over)
            self._books.lag = max(self._books.lag, self._ticks() - due)

    def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._spawn(name, self._fatal(work))

    async def _fatal(self, work: Coroutine[Any, Any, None]) -> None:
        """What alarmd refuses for good ends the storm; it would be refused a thousand times over."""
        try:
            await work
        except AlarmdError as refused:
            self._refused = self._refused or refused
            self._pressed.set()
            self._bell.set()
