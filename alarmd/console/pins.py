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

    async def typed(self, connection: HTTPConnection, person: str, pin: str) -> Pin:
        """Which one it is. Raises TooManyTries and NotAllowed, the same for one that is neither, for a person who has
        none and for one whom nobody knows."""
        address, known = address_of(connection), self._known_name(person)
        wait = self._throttle.begin(person, address, self._desk.clock.now())
        if wait:
            log.warning("PIN throttled", address=address, **known)
            raise TooManyTries(wait)
        account = await self._desk.store.read(partial(account_of, person=person))
        honest, duress = (account.pin, account.duress_pin) if account else (None, None)
        async with self._comparing:
            which = await asyncio.to_thread(which_pin, honest, duress, pin)
        if which is None or not known:
            log.warning("PIN refused", address=address, **known)
            raise NotAllowed("not the PIN of this person, or none is set (`alarmd pin set`); the alarm goes on")
        self._throttle.succeeded(person, address)
        return which

    def _known_name(self, person: str) -> dict[str, str]:
        """For the log. What names nobody may be a PIN in the wrong place."""
        _, organisation = self._desk.organisation()
        return {"person": person} if person in organisation.people else {}
