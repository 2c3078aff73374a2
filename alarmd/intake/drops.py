"""Does the broker drop messages? By its own count, where it says one. What it has dropped while nobody was here is told
too, once in the life of a node. Made and called by `mqtt.py`.
"""

from datetime import datetime, timedelta

import structlog

from alarmd.intake.desk import Faults
from alarmd.ports import Clock

log = structlog.get_logger()

TOPIC = "$SYS/broker/publish/messages/dropped"
CAUSE = "mqtt_drops"
SAYS_WITHIN = timedelta(seconds=60)
"""So soon after the subscription a broker has said its count: Mosquitto keeps the last one, and makes the first after
`sys_interval`, 10 s. It grants what its access list forbids, and then says nothing."""


class Drops:
    """What is known of one broker's drops, over all connections to it."""

    def __init__(self, broker: str, faults: Faults, clock: Clock) -> None:
        self._broker = broker
        self._faults = faults
        self._clock = clock
        self._count = 0
        self._expected: datetime | None = None

    def asked(self) -> None:
        """We are about to subscribe to the count; it may come before the broker's answer to that is read."""
        self._expected = self._clock.now() + SAYS_WITHIN

    def refused(self) -> None:
        """It will not come."""
        self._expected = None
        log.warning(
            "the broker does not say whether it drops messages; let alarmd read the topic, and make sure that the "
            "broker's queues have no limit",
            broker=self._broker,
            topic=TOPIC,
        )

    def look(self) -> None:
        """Now and then while subscribed."""
        if self._expected is not None and self._clock.now() >= self._expected:
            self.refused()

    def heard(self, payload: bytes) -> None:
        """The count since the start of the broker; what is no number is let by. One that is lower than before is of
        another life of the broker, and all of it is new."""
        if not payload.isdigit():
            return
        self._expected = None
        before = self._count if int(payload) >= self._count else 0
        self._count = int(payload)
        if self._count > before:
            since = "" if before else " since it was started"
            self._faults.report(
                CAUSE,
                f"the broker at {self._broker} has dropped {self._count - before} messages{since}: presses may be "
                "among them; set max_queued_messages 0 and look for a subscriber that is too slow",
            )
