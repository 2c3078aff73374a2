"""Calls through Twilio. What is said comes with the call, so nothing is fetched; a key comes to the voice hook.

Accepted means that it will ring; answered, by a person or a machine, is told by the status hook and is never an
acknowledgement.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import structlog
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
)

from alarmd.alarm.effects import EndCall
from alarmd.channels.http_client import open_session
from alarmd.channels.twilio_client import STATUS_PATH, VOICE_PATH, Twilio, TwilioAccount, connect, outcome_of, place
from alarmd.ports import Channel, Message, Outcome
from alarmd.settings import Settings
from alarmd.wording.twiml import alarm_call

RINGS = 30
"""Seconds that a call rings."""
EVENTS = ["initiated", "ringing", "answered", "completed"]
OVER = frozenset({20404, 21220})
"""Twilio's codes for a call that is unknown, or no longer in progress."""

log = structlog.get_logger()


@asynccontextmanager
async def open_channel(settings: Settings) -> AsyncIterator[Channel]:
    """The channel with a client of its own."""
    async with open_session() as session:
        yield TwilioVoice(connect(TwilioAccount.of(settings), session))


class TwilioVoice:
    """Places calls, and ends those that have become pointless."""

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    async def send(self, message: Message) -> Outcome:
        spoken = alarm_call(
            message.alarm,
            message.organisation,
            message.language,
            self._twilio.hook(VOICE_PATH, message),
            attempt=message.attempt,
        )
        return await place(
            message,
            lambda: self._twilio.client.calls.create_async(
                to=message.contact.address,
                from_=self._twilio.account.sender,
                twiml=spoken,
                timeout=RINGS,
                status_callback=self._twilio.hook(STATUS_PATH, message),
                status_callback_event=EVENTS,
                status_callback_method="POST",
            ),
        )

    async def end(self, effect: EndCall) -> bool:
        try:
            await self._twilio.client.calls(effect.provider).update_async(status="completed")
        except (TwilioException, aiohttp.ClientError, TimeoutError, ValueError) as fault:
            if not (isinstance(fault, TwilioRestException) and (fault.status == 404 or fault.code in OVER)):
                log.warning("call not ended", attempt=effect.attempt, why=outcome_of(fault, 0).why)
                return False
        return True
