"""The broker's side of a node: the embedded broker where asked for, the door for presses, and the watchdog over
devices. Imported only where ALARMD_MQTT_URL is set.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

from alarmd.app.desks import House, SignalCounter
from alarmd.dispatch.seat import SeatKeeper
from alarmd.dispatch.supervisor import Supervisor
from alarmd.intake.broker import Broker, read_url
from alarmd.intake.earlier import EarlierSession
from alarmd.intake.embedded import embedded_broker
from alarmd.intake.messages import Inbox
from alarmd.intake.mqtt import Link, Mqtt
from alarmd.intake.watchdog import Watchdog
from alarmd.observe import metrics
from alarmd.organisation.model import Device
from alarmd.ports import Lights
from alarmd.settings import Settings


async def find_broker(settings: Settings, stack: AsyncExitStack) -> Broker:
    """Where the broker is; our own is started here, before the loop and so ended after it. Raises CannotStart."""
    if settings.embedded_port is not None:
        return await stack.enter_async_context(embedded_broker(settings.embedded_port))
    return read_url(settings.mqtt_url)


def listen(broker: Broker, house: House, supervisor: Supervisor) -> Lights:
    """Listen to the buttons; what shows their lights."""
    devices = partial(_devices, house)
    watchdog = Watchdog(house.clock, house.health, devices)
    inbox = Inbox(SignalCounter(house, "mqtt", patient=True), watchdog, house.health, house.clock)
    seat = SeatKeeper(house.store, house.clock, house.node, house.health.report)
    mqtt = Mqtt(broker, house.node, inbox, house.health, house.clock, seat)
    house.health.states["mqtt"] = lambda: mqtt.link.value
    metrics.MQTT_CONNECTED.set_function(lambda: mqtt.link in (Link.SUBSCRIBED, Link.STANDBY))
    metrics.MQTT_TAKES_PRESSES.set_function(lambda: mqtt.link is Link.SUBSCRIBED)
    supervisor.forever("mqtt", mqtt.run())
    if not broker.embedded:  # that one begins anew with us
        supervisor.spawn("mqtt", EarlierSession(broker, house.node, inbox, house.clock, mqtt).run())  # and ends with it
    supervisor.forever("watchdog", watchdog.run())
    return mqtt


def _devices(house: House) -> Mapping[str, Device]:
    return house.follower.organisation.devices if house.follower.organisation else {}
