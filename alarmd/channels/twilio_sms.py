"""Texts through Twilio. Accepted means that Twilio took it; that it was delivered is told by the status hook."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alarmd.alarm.effects import EndCall
from alarmd.channels.http_client import open_session
from alarmd.channels.twilio_client import STATUS_PATH, Twilio, TwilioAccount, connect, place
from alarmd.ports import Channel, Message, Outcome
from alarmd.settings import Settings
from alarmd.wording.alarms import text_message


@asynccontextmanager
async def open_channel(settings: Settings) -> AsyncIterator[Channel]:
    """The channel with a client of its own, so that a flood of texts takes no connection from the calls."""
    async with open_session() as session:
        yield TwilioSms(connect(TwilioAccount.of(settings), session))


class TwilioSms:
    """Sends texts."""

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    async def send(self, message: Message) -> Outcome:
        sender = self._twilio.account.sender
        text = text_message(
            message.alarm,
            message.organisation,
            message.language,
            message.tell.purpose,
            attempt=message.attempt,
            code=message.code,
        )
        return await place(
            message,
            lambda: self._twilio.client.messages.create_async(
                to=message.contact.address,
                body=text,
                smart_encoded=True,  # a typographic quote in a note would halve what fits into a part
                status_callback=self._twilio.hook(STATUS_PATH, message),
                **({"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}),
            ),
        )

    async def end(self, effect: EndCall) -> bool:  # noqa: ARG002 - the signature of the port
        """Nothing rings here."""
        return True
