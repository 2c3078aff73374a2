"""`alarmd press DEVICE`: a press from a shell. It is decided and stored here, as by the daemon; people are told by a
daemon, at once where one runs, else when one starts.
"""

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import SYSTEM, Kind
from alarmd.clock import SystemClock, new_id
from alarmd.commands.common import opened
from alarmd.dispatch.take import Taker
from alarmd.settings import Settings


def press(settings: Settings, device: str, *, kind: Kind | None, ref: str | None, note: str | None) -> None:
    """Store one signal and say what it did. Raises NotFound, NotDurable."""
    pressed = Pressed(SYSTEM, device=device, kind=kind, ref=ref, note=note)
    # Claimed by nobody's node: whichever daemon looks next performs the effects.
    taker = Taker("", new_id)
    with opened(settings) as database:
        with database.transaction() as unit:
            taken = taker.take(unit, pressed, SystemClock().now())
        assert taken.signal is not None
        what = "already known, in" if taken.repeated else "joined" if taken.signal.joined else "raised"
        print(f"{what} alarm {taken.signal.alarm} (signal {taken.signal.signal})")
        if not database.daemon_runs():
            print("nobody is told yet: no daemon runs; `alarmd run` tells them when it starts")
