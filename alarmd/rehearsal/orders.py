"""What alarmd may order of the simulated network, and what the network needs of the world: values, no behaviour.

Everything about time and tasks is given from outside, so that a test lives a minute of ringing in a millisecond.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta

from alarmd.ports import Clock
from alarmd.rehearsal.courier import Courier
from alarmd.rehearsal.phones import Phones

PACE = timedelta(milliseconds=150)  # from one state to the next in a network at its best
SLOW = timedelta(seconds=20)  # the same in a slow one: longer than alarmd waits before it tries another way

Spawn = Callable[[str, Coroutine[object, object, None]], object]


@dataclass(frozen=True, slots=True)
class Network:
    """The surroundings of every text and call. `inbound_url` is where alarmd takes texts from phones."""

    account_sid: str
    inbound_url: str
    phones: Phones
    courier: Courier
    clock: Clock
    spawn: Spawn

    async def rest(self, span: timedelta) -> None:
        await self.clock.sleep_until(self.clock.now() + span)


@dataclass(frozen=True, slots=True)
class TextOrder:
    """A text to a phone. `status_url` None: nobody wants to hear what became of it."""

    to: str
    sender: str
    body: str
    status_url: str | None = None
    direction: str = "outbound-api"


@dataclass(frozen=True, slots=True)
class Document:
    """What a call is to perform: TwiML itself, or where to fetch it."""

    twiml: str | None = None
    url: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class CallOrder:
    """A call to a phone. `events` are those of StatusCallbackEvent; `detect` is MachineDetection, or empty."""

    to: str
    sender: str
    document: Document
    rings: timedelta
    fallback: Document | None = None
    status_url: str | None = None
    status_method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    detect: str = ""
