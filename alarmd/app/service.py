"""What systemd is told, by datagrams of words (sd_notify(3)): that the node is ready, how it is in one line, that it
stops, and, again and again, that it is alive. Alive means that the loop turns and that the dispatcher has answered: a
commit, or a clear no. A store that is away is no reason to be started again; one that does not answer is.
"""

import asyncio
import socket
from dataclasses import dataclass
from datetime import timedelta

import structlog

from alarmd.alarm.incoming import Performed
from alarmd.app.desks import House
from alarmd.errors import NotDurable
from alarmd.settings import ServiceManager

log = structlog.get_logger()

EVERY = timedelta(seconds=10)
"""Where nobody says within what time he wants to hear."""


@dataclass(frozen=True, slots=True)
class Service:
    """One for each node."""

    house: House
    manager: ServiceManager

    def ready(self) -> None:
        """The node takes presses."""
        self._say("READY=1", f"STATUS={self._status()}")

    def stopping(self) -> None:
        """The node has been told to stop."""
        self._say("STOPPING=1", f"STATUS={self._status()}")

    async def run(self) -> None:
        """For ever: ask the dispatcher, and tell."""
        clock = self.house.clock
        # Three times in the time that is given: one answer may be late without harm.
        every = timedelta(seconds=self.manager.watchdog / 3) if self.manager.watchdog else EVERY
        while True:
            began = clock.now()
            if await self._answers(every):
                self._say("WATCHDOG=1", f"STATUS={self._status()}")
            else:
                self._say("STATUS=the store does not answer")
                log.error("the store does not answer", seconds=every.total_seconds())
            await clock.sleep_until(began + every)

    async def _answers(self, within: timedelta) -> bool:
        before = self.house.dispatcher.groups
        answer = self.house.dispatcher.hand_in(Performed("nothing"))
        try:
            async with asyncio.timeout(within.total_seconds()):
                await answer
        except TimeoutError:  # in a storm our question may wait for its turn
            return self.house.dispatcher.groups > before
        except NotDurable:
            """A clear no: it is known, and said by whoever asked for more."""
        return True

    def _status(self) -> str:
        health = self.house.health
        state = "stopping" if health.stopping else "ready" if health.commits else "the store does not commit"
        faults = ", ".join(sorted(health.faults))
        return f"{state}; unwell: {faults}" if faults else state

    def _say(self, *words: str) -> None:
        """To nobody, where nobody listens."""
        if not self.manager.socket:
            return
        address = self.manager.socket
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as speaking:
            try:
                speaking.sendto("\n".join(words).encode(), f"\0{address[1:]}" if address.startswith("@") else address)
            except OSError as fault:
                log.warning("the service manager does not listen", why=str(fault))
