"""The live feed of one node: what the log gains goes to every console that may see it, once, in order, encoded once.

`offer` is called right after each commit, with every event of the log in order. When few are watching, or little has
been sent of late, it sends at once; when sending has become work, what comes within the next moment (30 ms at most)
goes together in one frame. It never reads the store: a console that is further back than the last events held here is
brought up to them by `live.py` first.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import islice

import structlog

from alarmd.access.model import Caller
from alarmd.access.rights import Right, rights_of
from alarmd.console import frames
from alarmd.console.desk import Spawn
from alarmd.console.frames import Unwell
from alarmd.console.sight import IN_ONE_FRAME, NOTHING, Entry, entry, framed, hidden, told
from alarmd.console.viewer import NOT_ANY_MORE, SERVICE_RESTART, TRY_AGAIN_LATER, Viewer
from alarmd.dispatch.presence import Counts
from alarmd.errors import NotDurable
from alarmd.observe import metrics
from alarmd.ports import Clock, Head, Logged

log = structlog.get_logger()

BEAT = timedelta(seconds=4)
"""So that no 5 s pass without a frame."""
KEEP = 4096
"""Events held for those who join or come back."""
SENDING_COSTS = timedelta(microseconds=40)
"""Pause after a round of sending, for each console: sending takes 10 to 20 us of it, so it does not take more than half
of the time for long."""
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(milliseconds=1), timedelta(milliseconds=20)
"""A shorter one is none: the clock tells milliseconds."""
STORM = 1.5
"""So many times as long is a pause when what was sent had waited for the one before. Then one follows another: a third
of all sending is saved, and a press is shown later by half a pause at most."""
CREDIT = 3 * LONGEST_PAUSE
"""So much of these pauses may be owed: after a quiet moment a press, its receipt and its answer wait for no pause."""

Still = Callable[[Caller], Awaitable[Caller | None]]
"""The caller as he is now, None when his key was revoked or his session is over."""


class Hub:
    """One for each node. `begin`, then `run` for ever. Told with every beat: `unwell`, what is wrong with the node, and
    `consoles`, how many there are."""

    def __init__(
        self,
        clock: Clock,
        spawn: Spawn,
        still: Still,
        unwell: Callable[[], Unwell] = tuple,
        consoles: Callable[[], Counts | None] = lambda: None,
    ) -> None:
        self.position = 0
        self.log = ""
        self.changes = 0
        self._clock = clock
        self._spawn = spawn
        self._still = still
        self.unwell = unwell
        self.consoles = consoles
        self._viewers: set[Viewer] = set()
        self._held: deque[Entry] = deque(maxlen=KEEP)
        self._fresh: list[Entry] = []
        self._free_at = self._beat_at = clock.now()
        self._wake = asyncio.Event()
        self._held_back = False
        self._checking = self._check_again = False
        self._begun = self._closed = False

    @property
    def watching(self) -> int:
        """How many consoles follow."""
        return len(self._viewers)

    def begin(self, head: Head, log: str = "") -> None:
        """Where the log stands before the first `offer`, and which one it is. Again when it is another one than before:
        whoever follows comes back for a snapshot."""
        self._fresh.clear()
        self._held.clear()
        self._cut_all(TRY_AGAIN_LATER)
        self.position, self.log = head.position, log
        self._begun = True

    def changed(self, head: Head) -> None:
        """Organisation or access is another: whoever may look no longer is cut at once."""
        log.debug("access looked at again", access=head.access, organisation=head.organisation)
        self.changes += 1
        self.check()

    def offer(self, logged: Sequence[Logged]) -> None:
        """What the log has gained. In order; what was offered before is left out."""
        for one in logged:
            if one.position <= self.position:
                continue
            if one.position != self.position + 1 and self.position:
                self._lost(one.position)
            fresh = entry(one)
            self._held.append(fresh)
            self._fresh.append(fresh)
            self.position = one.position
        if self._fresh:
            if self._clock.now() >= self._free_at:
                self.flush()
            else:
                self._held_back = True
                self._wake.set()

    def join(self, viewer: Viewer) -> bool:
        """Let it follow from its position on. False: that is further back than what is held here, or than one frame
        holds; bring it forward and ask again. So nobody is given at once more than may wait for him."""
        self.flush()
        if self._closed:
            viewer.cut(SERVICE_RESTART, "come back with after=POSITION")
            return True
        if not self._begun:  # what is written until then would be missing
            viewer.cut(TRY_AGAIN_LATER, "where the log ends is not known yet")
            return True
        if viewer.log != self.log:  # others have noticed already, or have not yet
            viewer.cut(TRY_AGAIN_LATER, "this is another log now; come back with after=POSITION and log=LOG")
            return True
        missing = self._since(viewer.position)
        if missing is None or len(missing) > IN_ONE_FRAME:
            return False
        self._give(viewer, missing)
        self._viewers.add(viewer)
        metrics.FEED_CLIENTS.set(len(self._viewers))
        return True

    def leave(self, viewer: Viewer) -> None:
        """It follows no longer; what it was promised before, a close too, is still written."""
        self._viewers.discard(viewer)
        metrics.FEED_CLIENTS.set(len(self._viewers))

    def close(self) -> None:
        """This node ends: everybody gets what there is, and goes elsewhere."""
        self.flush()
        self._closed = True
        self._cut_all(SERVICE_RESTART)

    def beat_now(self) -> None:
        """This node is better or worse than it was: nobody waits for the next beat to be told."""
        self._beat_at = self._clock.now()
        self._wake.set()

    def flush(self) -> None:
        """Send what is fresh to everybody who may see it."""
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        veiled = [each for each in fresh if each.veil is not None]
        made: dict[tuple[str | None, frozenset[int]], list[str]] = {}
        for viewer in tuple(self._viewers):
            if viewer.gone:
                self.leave(viewer)
            elif viewer.position >= fresh[0].position:
                self._give(viewer, [each for each in fresh if each.position > viewer.position])
            else:
                sees = viewer.site, hidden(veiled, viewer.caller) if veiled else NOTHING
                if sees not in made:
                    made[sees] = list(framed(fresh, *sees))
                for frame in made[sees]:
                    viewer.push(frame)
                viewer.moved(fresh[-1].position, told(fresh, sees[1]))
        now = self._clock.now()
        pause = min(LONGEST_PAUSE, len(self._viewers) * SENDING_COSTS) * (STORM if self._held_back else 1)
        self._held_back = False
        self._free_at = max(self._free_at, now - CREDIT) + (pause if pause >= SHORTEST_PAUSE else timedelta(0))
        for each in fresh:
            if '"kind":"raised"' in each.text:
                metrics.PRESS_TO_CONSOLE.observe((now - frames.at(each.text)).total_seconds())

    async def run(self) -> None:
        """For ever: what was held back for a moment, and the beats."""
        while True:
            await self._clock.sleep_until(self._free_at if self._fresh else self._beat_at, self._wake)
            self._wake.clear()
            now = self._clock.now()
            if now >= self._free_at:
                self.flush()
            if now >= self._beat_at:
                self._beat_at = now + BEAT
                self._beat()

    def _beat(self) -> None:
        self.flush()
        how = self.unwell(), self.consoles()
        text = frames.beat(self.position, self._clock.now(), *how)
        for viewer in tuple(self._viewers):
            if viewer.gone:
                self.leave(viewer)
            else:
                like_others = viewer.told == self.position
                viewer.push(text if like_others else frames.beat(viewer.told, self._clock.now(), *how))
        self.check()

    def _give(self, viewer: Viewer, entries: Sequence[Entry]) -> None:
        unseen = hidden(entries, viewer.caller)
        for frame in framed(entries, viewer.site, unseen):
            viewer.push(frame)
        viewer.moved(self.position, told(entries, unseen))

    def _since(self, position: int) -> Sequence[Entry] | None:
        """What is held after this position, None when some of it is not held any more."""
        first = self._held[0].position if self._held else self.position + 1
        return list(islice(self._held, position + 1 - first, None)) if position + 1 >= first else None

    def _lost(self, position: int) -> None:
        """Events are missing, which may not happen: everybody comes back with `after` and gets them from the store."""
        log.error("feed has a gap", known=self.position, offered=position)
        self.flush()
        self._held.clear()
        self._cut_all(TRY_AGAIN_LATER)

    def _cut_all(self, code: int) -> None:
        for viewer in tuple(self._viewers):
            viewer.cut(code, "come back with after=POSITION")
            self.leave(viewer)

    def check(self) -> None:
        """Look soon at whoever follows: may he still?"""
        self._check_again = True
        if not self._checking:
            self._checking = True
            self._spawn("feed.check", self._checked())

    async def _checked(self) -> None:
        """Ask again for every console whether it may look, and cut those that may not."""
        try:
            while self._check_again:
                self._check_again = False
                for viewer in tuple(self._viewers):
                    await self._check_one(viewer)
        except NotDurable as fault:
            log.warning("consoles cannot be checked now", why=str(fault))
        finally:
            self._checking = False

    async def _check_one(self, viewer: Viewer) -> None:
        caller = await self._still(viewer.caller)
        if caller is None or Right.READ not in rights_of(caller) or caller.site != viewer.site:
            viewer.cut(NOT_ANY_MORE, "this key or session is not good any more")
            self.leave(viewer)
        else:
            viewer.caller = caller
