"""The broker's side of a node: the embedded broker where asked for, the door of gmqtt, and the watchdog over devices. Imported only where
ALARMD_MQTT_URL is set.
"""

from contextlib import AsyncExitStack

from alarmd.app.desks import House, SignalCounter
from alarmd.dispatch.supervisor import Supervisor
from alarmd.intake.broker import Broker, read_url
from alarmd.intake.embedded import embedded_broker
from alarmd.intake.messages import Inbox
from alarmd.intake.mqtt import Link, Mqtt
from alarmd.intake.watchdog import Watchdog
from alarmd.observe import metrics
from alarmd.ports import Lights
from alarmd.settings import Settings


async def open_broker(
    settings: Settings, house: House, counter: SignalCounter, supervisor: Supervisor, stack: AsyncExitStack
) -> Lights:
    """Listen to the buttons; what shows their lights. Raises CannotStart."""
    broker = await _broker(settings, stack)
    watchdog = Watchdog(
        house.clock, house.health, lambda: house.follower.organisation.devices if house.follower.organisation else {}
    )
    inbox = Inbox(counter, watchdog, house.health, house.clock)
    mqtt = Mqtt(broker, settings.node_name, inbox, house.health, house.clock)
    house.health.states["mqtt"] = lambda: mqtt.link.value
    metrics.MQTT_CONNECTED.set_function(lambda: mqtt.link is Link.SUBSCRIBED)
    supervisor.forever("mqtt", mqtt.run())
    supervisor.forever("watchdog", watchdog.run())
    return mqtt


async def _broker(settings: Settings, stack: AsyncExitStack) -> Broker:
    if settings.embedded_port is not None:
        return await stack.enter_async_context(embedded_broker(settings.embedded_port))
    return read_url(settings.mqtt_url)
