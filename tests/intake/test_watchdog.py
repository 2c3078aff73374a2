"""Silent devices, in virtual time: judged by the node that hears them, and by no other."""

from datetime import timedelta

from alarmd.alarm.model import Kind
from alarmd.dispatch.supervisor import Supervisor
from alarmd.intake.watchdog import LOOK, Watchdog
from alarmd.organisation.model import Device
from tests.support.intake import World
from tests.support.virtual import VirtualClock

DESK = Device("desk-1", "vik/mottak", Kind.PANIC, supervise=timedelta(minutes=2))


async def test_a_silent_device_is_a_fault_where_devices_are_heard_and_nowhere_else() -> None:
    clock = VirtualClock()
    here, standby = World(), World()
    hears, waits = (Watchdog(clock, world, lambda: {"desk-1": DESK}) for world in (here, standby))
    async with Supervisor() as supervisor:
        supervisor.forever("here", hears.run())
        supervisor.forever("standby", waits.run())
        hears.listens(now=True)
        await clock.advance(100)
        hears.heard("desk-1", battery=None, status=None, retained=False)
        await clock.advance(119)
        assert here.faults == {}
        await clock.advance(1 + LOOK.total_seconds())
        assert list(here.faults) == ["silent:desk-1"]
        assert standby.faults == {}


async def test_who_begins_to_hear_gives_everybody_his_time() -> None:
    clock, world = VirtualClock(), World()
    watchdog = Watchdog(clock, world, lambda: {"desk-1": DESK})
    async with Supervisor() as supervisor:
        supervisor.forever("watchdog", watchdog.run())
        watchdog.listens(now=True)
        watchdog.heard("desk-1", battery=None, status=None, retained=False)
        watchdog.listens(now=False)  # the broker is away, or another node hears them
        await clock.advance(3600)
        watchdog.listens(now=True)
        await clock.advance(119)
        assert world.faults == {}
        await clock.advance(1 + LOOK.total_seconds())
        assert list(world.faults) == ["silent:desk-1"]
