"""The session in which the version before kept the presses of this node, under the node's own name. At every start it
is looked for once: what waits in it is taken, and it is ended, so that no press lies where nobody reads.

No seat stands behind it, and no marks: of these presses a ref alone says that they are stored already.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog

from alarmd.dispatch.seat import LOOK
from alarmd.intake import wire
from alarmd.intake.broker import Broker
from alarmd.intake.connection import Caller, Connection, UnreachableError
from alarmd.intake.messages import Arrived, Inbox
from alarmd.intake.mqtt import KEPT, SIGNALS, SIGNS, Link, Mqtt
from alarmd.ports import Clock

log = structlog.get_logger()

SITS_DOWN = timedelta(seconds=5)
"""Who stands by for so long may take it that another node has subscribed: nothing is missed when we do so no more."""
QUIET = timedelta(seconds=1)
"""A broker that has sent nothing for so long, with all acknowledged, has nothing left."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(frozen=True)
class EarlierSession:
    """`run` ends when there is none any more. `mqtt` is this node's other connection."""

    broker: Broker
    node: str
    inbox: Inbox
    clock: Clock
    mqtt: Mqtt

    async def run(self) -> None:
        """Only after the session of the seat is subscribed: till then this one may be all that keeps presses."""
        await self._others_are_kept()
        wait = FIRST_WAIT
        while not await self._emptied():
            await self.clock.sleep_until(self.clock.now() + wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _others_are_kept(self) -> None:
        since = self.clock.now()
        while self.mqtt.link is not Link.SUBSCRIBED:
            if self.mqtt.link is not Link.STANDBY:
                since = self.clock.now()
            elif self.clock.now() - since >= SITS_DOWN:
                return
            await self.clock.sleep_until(self.clock.now() + LOOK)

    async def _emptied(self) -> bool:
        connection = Connection(Caller(f"alarmd-{self.node}", KEPT), self.broker, self._arrived)
        empty = False
        try:
            await connection.open()
            empty = not connection.session_present or await self._empty(connection)
        except UnreachableError as fault:
            log.info("the session of the version before cannot be looked at yet", why=str(fault))
        finally:
            self.inbox.lost(connection.crossing)
            await connection.leave(keep=not empty)
        return empty

    async def _empty(self, connection: Connection) -> bool:
        """Take what waits. False: the connection was lost over it."""
        connection.unsubscribe([*SIGNALS, *SIGNS])
        quiet_since = self.clock.now()
        while not connection.lost.is_set():
            before = connection.traffic
            answered = await connection.answers()
            if not answered or connection.traffic != before or before.brought != before.acknowledged:
                quiet_since = self.clock.now()
            elif self.clock.now() - quiet_since >= QUIET:
                log.info("the session of the version before is ended", messages=before.brought)
                return True
            await self.clock.sleep_until(self.clock.now() + LOOK, connection.lost)
        return False

    async def _arrived(self, message: Arrived, connection: Connection) -> bool:
        topic = wire.read_topic(message.topic)
        if topic is None or topic[0] is not wire.Topic.SIGNAL:
            return True  # a sign of life that has waited is none
        return await self.inbox.take(message, connection.crossing, connection.clear)
