"""What the doors for signals ask of the house: somebody who takes presses, who hears faults, who counts signs of life.

Protocols alone; `app/` says who stands behind them. A door answers its sender only after `submit` has returned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alarmd.alarm.incoming import Pressed, Sitting
from alarmd.alarm.values import quick
from alarmd.dispatch.seat import Settled, Standing


@quick
@dataclass(frozen=True, slots=True)
class Taken:
    """What a press has become, after its commit. `joined`, `signal` and `alarm` are those of the first time for a ref
    that was known already (`repeated`); `state` is the alarm's present one, as the presser may see it."""

    signal: str
    alarm: str
    joined: bool
    state: str
    repeated: bool = False


class SignalDesk(Protocol):
    """Where presses are handed in."""

    def site_of(self, *, device: str | None, zone: str | None) -> str:
        """The site of a device, or of a zone's full id, for the caller's rights. From memory. Raises NotFound."""
        ...

    async def submit(self, pressed: Pressed) -> Taken:
        """Return when it is durable. Raises NotFound (device or zone), NotDurable and Undecidable: it may be tried
        again, and Superseded: another node has it.
        """
        ...


class Faults(Protocol):
    """Where a door says what is unwell. At once, never raises; one technical alarm is open for each cause at most."""

    def found(self, cause: str, text: str) -> None:
        """This is unwell, until `gone`."""
        ...

    def gone(self, cause: str, text: str = ...) -> None:
        """This is well again."""
        ...

    def report(self, cause: str, text: str) -> None:
        """This happened, and a person must look at it."""
        ...


class SeatDesk(Protocol):
    """Where one asks who takes the broker's presses (`dispatch/seat.py` says what each means). Nothing raises."""

    async def sit(self, *, by_broker: bool = False, gone: int | None = None) -> Sitting | None: ...

    async def beat(self, settled: Sequence[Settled] = ()) -> Standing: ...

    async def new_session(self) -> Sitting | None: ...

    async def forget_besides(self, connection: str) -> bool: ...

    async def release(self) -> int | None: ...


class Supervision(Protocol):
    """Who counts the devices' signs of life, while this node is the one that hears them."""

    def listens(self, *, now: bool) -> None:
        """From here on signs of life reach this node, or no more."""
        ...

    def heard(self, device: str, *, battery: int | None, status: str | None, retained: bool) -> None:
        """At once, never raises; the id may be unknown. `battery` in percent, `status` `online` or `offline`.
        `retained`: an old message that the broker kept, so no sign of life."""
        ...
