"""Counts the devices' signs of life: a silent device or a flat battery is a technical alarm, and gone again when the
device is heard.

Judges only while this node is the one that hears the devices, and remembers no longer: when that begins, after a
restart or when another node did it before, a silent device is noticed one supervision time later. Presses are signs of
life too. Called by the doors; never refuses and never waits.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from alarmd.intake.desk import Faults
from alarmd.organisation.model import Device
from alarmd.ports import Clock

LOOK = timedelta(seconds=5)
BATTERY_LOW = 20
"""Per cent, where the organisation names no other limit."""


class Watchdog:
    """`devices` gives those of the organisation that holds now."""

    def __init__(self, clock: Clock, faults: Faults, devices: Callable[[], Mapping[str, Device]]) -> None:
        self._clock = clock
        self._faults = faults
        self._devices = devices
        self._began: datetime | None = None
        self._heard: dict[str, datetime] = {}

    def listens(self, *, now: bool) -> None:
        self._began = self._clock.now() if now else None
        self._heard.clear()

    def heard(self, device: str, *, battery: int | None, status: str | None, retained: bool) -> None:
        """A sign of life; `status` offline is the broker's word that it is gone."""
        known = self._devices().get(device)
        if known is None:
            return
        if status == "offline":
            self._faults.found(f"offline:{device}", f"device {device} in {known.zone} has lost its connection")
        elif not retained:
            self._heard[device] = self._clock.now()
            self._faults.gone(f"offline:{device}", f"device {device} is heard again")
            self._faults.gone(f"silent:{device}", f"device {device} is heard again")
        if battery is not None:
            self._battery(known, battery)

    def _battery(self, device: Device, battery: int) -> None:
        limit = BATTERY_LOW if device.battery_low is None else device.battery_low
        if battery <= limit:
            self._faults.found(f"battery:{device.id}", f"battery of {device.id} in {device.zone} is at {battery} %")
        else:
            self._faults.gone(f"battery:{device.id}", f"battery of {device.id} is at {battery} %")

    async def run(self) -> None:
        """For ever: who has been silent for longer than he may?"""
        while True:
            now = self._clock.now()
            if self._began is not None:
                self._judge(now, self._began)
            await self._clock.sleep_until(now + LOOK)

    def _judge(self, now: datetime, began: datetime) -> None:
        for device in self._devices().values():
            since = self._heard.get(device.id, began)
            if device.supervise is not None and now - since > device.supervise:
                text = f"device {device.id} in {device.zone} has not been heard for {now - since}"
                self._faults.found(f"silent:{device.id}", text)
