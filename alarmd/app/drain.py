"""The end of a node that is told to stop, in two parts, so that nobody notices. First it says that it is not ready any
more and goes on as before, until load balancers have heard of it and what it was doing is done. Then it begins nothing:
what is under way is finished, everything else is handed to its sisters, consoles are sent to them, and only now HTTP is
closed; a press that came in until then was taken. Whatever hangs is left behind after seconds.

Told a second time, it goes at once: what it leaves is in the store.
"""

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
import uvicorn

from alarmd.app.desks import House
from alarmd.console.feed import Hub
from alarmd.dispatch.supervisor import Supervisor

log = structlog.get_logger()

HEARD = timedelta(seconds=2)
"""So long a node that has sisters goes on at least: whoever looks every second whether it is ready has looked."""
QUIET, FINISHED = timedelta(seconds=4), timedelta(seconds=3)
"""So long, at most, until it is quiet, and then for what is under way; together with the closing of HTTP below 10 s."""


@dataclass(slots=True)
class Drain:
    """One for each node. `announce`: say that it stops."""

    house: House
    hub: Hub
    supervisor: Supervisor
    server: uvicorn.Server
    announce: Callable[[], None]
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        """From now on SIGTERM and SIGINT stop the node."""
        for told in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(told, self.told)

    def told(self) -> None:
        """Stop; a second time: at once."""
        if self.house.health.stopping:
            log.info("told to stop again: at once")
            self.server.should_exit = self.server.force_exit = True
            self._ended.set()
            return
        self.house.health.stopping = True
        log.info("stopping", node=self.house.node)
        self.announce()
        self.supervisor.spawn("drain", self._run())

    async def ended(self) -> None:
        """When nothing more is to be waited for."""
        await self._ended.wait()

    async def _run(self) -> None:
        try:
            await self._hand_over()
        finally:
            self.server.should_exit = True
            self._ended.set()

    async def _hand_over(self) -> None:
        clock, outbox = self.house.clock, self.house.outbox
        began = clock.now()
        if not self.house.store.alone:
            await clock.sleep_until(began + HEARD, self._ended)
        await outbox.settle(began + QUIET)
        outbox.close()
        self.hub.close()
        await self.supervisor.end("mqtt")
        self.server.should_exit = True
        if not await outbox.settle(clock.now() + FINISHED):
            log.warning("left undone; a sister, or the next start, tries again", effects=outbox.depth)
