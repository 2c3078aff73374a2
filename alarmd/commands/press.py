"""`alarmd press DEVICE`: a press from a shell. It is decided and stored here, as by the daemon; people are told by a
daemon, at once where one runs, else when one starts.
"""

from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Kind, Person
from alarmd.app.clocks import begin
from alarmd.clock import SystemClock, new_id
from alarmd.commands.common import opened, whoever
from alarmd.dispatch.take import Taker
from alarmd.intake.wire import read_signal
from alarmd.settings import Settings


def press(settings: Settings, device: str, *, kind: Kind | None, ref: str | None, note: str | None) -> None:
    """Store one signal and say what it did. Raises Malformed, NotFound, NotDurable."""
    given = {"device": device, "kind": kind, "ref": ref, "note": note}
    body = read_signal({name: value for name, value in given.items() if value is not None})
    by = Person(whoever(), whoever(), "shell")
    pressed = Pressed(by, device=body.device, kind=body.kind, ref=body.ref, note=body.note)
    # Claimed by nobody's node: whichever daemon looks next performs the effects.
    taker = Taker("", new_id)
    with opened(settings) as database:
        clock = begin(database, SystemClock())
        with database.transaction() as unit:
            taken = taker.take(unit, pressed, clock.now())
        assert taken.signal is not None
        what = "already known, in" if taken.repeated else "joined" if taken.signal.joined else "raised"
        print(f"{what} alarm {taken.signal.alarm} (signal {taken.signal.signal})")
        if not database.daemon_runs():
            print("nobody is told yet: no daemon runs; `alarmd run` tells them when it starts")
