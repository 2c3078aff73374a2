"""Which of his PINs somebody typed. Guessing is slowed down as for passwords (`throttle.py`), and whatever was typed,
the same is done and takes as long: nobody learns more than right or wrong, and of the two that are right not which.
"""

import asyncio
from functools import partial

import structlog
from starlette.requests import HTTPConnection

from alarmd.access.secrets import which_pin
from alarmd.alarm.incoming import Pin
from alarmd.console.answers import TooManyTries
from alarmd.console.desk import Desk
from alarmd.console.sign_in import AT_ONCE, account_of, address_of
from alarmd.console.throttle import Throttle
from alarmd.errors import NotAllowed

log = structlog.get_logger()


class Pins:
    """One for each node."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._throttle = Throttle("pin", desk.sisters, desk.clock)
        self._comparing = asyncio.Semaphore(AT_ONCE)

    async def typed(self, connection: HTTPConnection, person: str, pin: str, *, known: bool) -> Pin:
        """Which one it is. Raises TooManyTries and NotAllowed, the same for one that is neither, for a person who has
        none and for one who is not `known`."""
        address, name = address_of(connection), {"person": person} if known else {}  # else it may be a PIN
        wait = self._throttle.begin(person, address, self._desk.clock.now())
        if wait:
            log.warning("PIN throttled", address=address, **name)
            raise TooManyTries(wait)
        account = await self._desk.store.read(partial(account_of, person=person))
        honest, duress = (account.pin, account.duress_pin) if account else (None, None)
        async with self._comparing:
            which = await asyncio.to_thread(which_pin, honest, duress, pin)
        if which is None or not known:
            log.warning("PIN refused", address=address, **name)
            raise NotAllowed("not the PIN of this person, or none is set (`alarmd pin set`); the alarm goes on")
        self._throttle.succeeded(person, address)
        return which
