"""The life of a text: from alarmd to a phone, and from a phone to alarmd, reported and signed as Twilio does.

A text to a phone is queued, sent, then delivered, or undelivered where the phone cannot be reached. A reply is carried
to alarmd's own address, and what alarmd answers there comes back as a text. Called by `twilio_server.py` and
`page_server.py`.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin

from alarmd.rehearsal.orders import PACE, SLOW, Network, TextOrder
from alarmd.rehearsal.phones import Fault, Text, TextStatus, scripted_reply, segments
from alarmd.rehearsal.twiml import Message, TwimlFault, replies

UNREACHABLE = 30003  # Twilio: unreachable destination handset
HOPS = 10  # redirects that the answer to a text may make


@dataclass(frozen=True, slots=True)
class Texting:
    """Sends texts through the simulated network."""

    network: Network

    def send(self, order: TextOrder) -> Text:
        """Takes a text; its life goes on by itself."""
        text = self._begin(order.direction, order.sender, order.to, order.body)
        self.network.spawn(f"rehearsal-text-{text.sid}", self._deliver(text, order.status_url))
        return text

    def reply(self, number: str, body: str) -> Text:
        """The phone with this number texts alarmd. Raises NotFound, or Refused while there is no number to reply to."""
        self.network.phones.phone(number)
        text = self._begin("inbound", number, self.network.phones.service_number(), body)
        self.network.spawn(f"rehearsal-reply-{text.sid}", self._carry(text))
        return text

    def _begin(self, direction: str, sender: str, to: str, body: str) -> Text:
        now = self.network.clock.now()
        text = Text("SM" + uuid.uuid4().hex, direction, sender, to, body, now, now, TextStatus.QUEUED)
        self.network.phones.add_text(text)
        return text

    async def _deliver(self, text: Text, status_url: str | None) -> None:
        await self.network.rest(PACE)
        await self._move(text, TextStatus.SENT, status_url)
        await self.network.rest(SLOW if self.network.phones.habit(text.to).slow else PACE)
        habit = self.network.phones.habit(text.to)
        if not habit.reachable:
            await self._move(text, TextStatus.UNDELIVERED, status_url, UNREACHABLE)
            return
        await self._move(text, TextStatus.DELIVERED, status_url)
        says = scripted_reply(text, habit)
        if says is not None:
            await self.network.rest(timedelta(seconds=habit.after))
            self.reply(text.to, says)

    async def _move(self, text: Text, status: TextStatus, url: str | None, error_code: int | None = None) -> None:
        self.network.phones.move_text(text.sid, status, self.network.clock.now(), error_code)
        if url is not None:
            form = self._names(text) | {"MessageStatus": status, "SmsStatus": status}
            await self.network.courier.send(url, form | ({"ErrorCode": str(error_code)} if error_code else {}))

    async def _carry(self, text: Text) -> None:
        form = self._names(text) | {
            "SmsMessageSid": text.sid,
            "SmsStatus": "received",
            "Body": text.body,
            "NumMedia": "0",
            "NumSegments": str(segments(text.body)),
        }
        now = self.network.clock.now
        try:
            answers = await self._answers(form)
        except TwimlFault as fault:
            self.network.phones.move_text(text.sid, TextStatus.FAILED, now(), fault.code)
            self.network.phones.show_fault(text.sender, Fault(now(), fault.code, str(fault)))
            return
        self.network.phones.move_text(text.sid, TextStatus.RECEIVED, now())
        for body in answers:
            self.send(TextOrder(text.sender, text.to, body, direction="outbound-reply"))

    async def _answers(self, form: dict[str, str]) -> list[str]:
        """What alarmd answers to a reply, redirects followed. Raises TwimlFault."""
        url, method, bodies = self.network.inbound_url, "POST", list[str]()
        for _ in range(HOPS):
            answer = await self.network.courier.send(url, form, method)
            if answer.good and answer.kind == "text/plain":
                return [answer.text] if answer.text.strip() else []
            for verb in replies(answer.document()):
                if isinstance(verb, Message):
                    bodies.append(verb.body)
                else:
                    url, method = urljoin(url, verb.url), verb.method
                    break
            else:
                return bodies
        raise TwimlFault(11200, f"More than {HOPS} redirects")

    def _names(self, text: Text) -> dict[str, str]:
        sids = {"MessageSid": text.sid, "SmsSid": text.sid, "AccountSid": self.network.account_sid}
        return sids | {"From": text.sender, "To": text.to, "ApiVersion": "2010-04-01"}
