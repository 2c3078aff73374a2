"""The life of one call: it rings, is answered or not, performs its TwiML, ends; each step reported and signed.

One coroutine lives it. What hands and the API do meanwhile changes the model at once and rings the call's bell; the
coroutine then looks at the model, which alone is the truth. Called by `calling.py`.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from itertools import count
from urllib.parse import urljoin, urlsplit

from alarmd.rehearsal.orders import PACE, SLOW, CallOrder, Document, Network
from alarmd.rehearsal.phones import Answers, Call, CallStatus, Fault, Spoken
from alarmd.rehearsal.twiml import Gather, Hangup, Pause, Redirect, Say, TwimlFault, Verb, voice

VOICEMAIL_AFTER = timedelta(seconds=8)  # of ringing
LETTERS_A_SECOND = 15  # of speech, about what Twilio's voices manage
DOCUMENTS = 50  # that one call may perform: two that redirect to each other must end some time
APOLOGY = Spoken("We are sorry, an application error has occurred. Goodbye.", "en-US")
MACHINE = {"Enable": "machine_start", "DetectMessageEnd": "machine_end_beep"}


class Over(Exception):
    """The call has ended; the model says how."""


class Replaced(Exception):
    """The API gave the call another document."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """The document that comes next, and what to tell alarmd when asking for it."""

    document: Document
    told: dict[str, str]


class CallLife:
    """One call. `run` is its whole life; the rest may be called meanwhile."""

    def __init__(self, network: Network, order: CallOrder, sid: str) -> None:
        self._network, self._order, self._sid = network, order, sid
        self._bell = asyncio.Event()
        self._replacement: Document | None = None
        self._scripted = False
        self._numbers = count()

    def wake(self) -> None:
        self._bell.set()

    def replace(self, document: Document) -> None:
        self._replacement = document
        self.wake()

    async def run(self) -> None:
        with suppress(Over):
            await self._report("initiated", "initiated")
            await self._connect()
            await self._ring()
            await self._report("answered", CallStatus.IN_PROGRESS)
            await self._talk()
            self._move(CallStatus.COMPLETED)
        call = self._call
        length = {"CallDuration": str(call.seconds), "Duration": str(-(-call.seconds // 60))}
        await self._report("completed", call.status, length)

    # -- until somebody answers

    async def _connect(self) -> None:
        """From the order until the phone rings, or cannot."""
        phones, to = self._network.phones, self._order.to
        await self._wait_out(SLOW if phones.habit(to).slow else PACE)
        if not phones.habit(to).reachable:
            self._end(CallStatus.NO_ANSWER)
        if phones.line(to) is not None:
            self._end(CallStatus.BUSY)
        self._move(CallStatus.RINGING)
        await self._report("ringing", CallStatus.RINGING)

    async def _ring(self) -> None:
        """Until a hand, the script or the voicemail takes it; too long is no answer."""
        since = self._network.clock.now()
        while self._call.status is not CallStatus.IN_PROGRESS:
            self._look()
            habit, now = self._network.phones.habit(self._order.to), self._network.clock.now()
            scripted = since + timedelta(seconds=habit.after) if habit.answers is Answers.PRESS else None
            voicemail = since + VOICEMAIL_AFTER if habit.voicemail else None
            if scripted is not None and now >= scripted:
                self._scripted = True
                self._move(CallStatus.IN_PROGRESS, "human")
            elif voicemail is not None and now >= voicemail:
                self._move(CallStatus.IN_PROGRESS, MACHINE.get(self._order.detect, "machine_start"))
            elif now >= since + self._order.rings:
                self._end(CallStatus.NO_ANSWER)
            else:
                await self._wait(min(filter(None, (scripted, voicemail, since + self._order.rings))))

    # -- while it talks

    async def _talk(self) -> None:
        """Performs one document after the other until one ends without naming the next."""
        following: Fetch | None = Fetch(self._order.document, {})
        performed = 0
        while following is not None:
            performed += 1
            if performed > DOCUMENTS:
                self._fault(TwimlFault(11200, f"More than {DOCUMENTS} documents in one call"))
                return
            try:
                following = await self._perform(following)
            except Replaced:
                following = Fetch(self._replacement or self._order.document, {})
                self._replacement = None

    async def _perform(self, fetch: Fetch) -> Fetch | None:
        try:
            return await self._obey(await self._verbs(fetch), fetch.document)
        except TwimlFault as fault:
            fallback = self._order.fallback
            self._fault(fault)
            if fallback is not None and fallback != fetch.document:
                return Fetch(fallback, {"ErrorCode": str(fault.code), "ErrorUrl": fetch.document.url})
            await self._say(APOLOGY)
            return None

    async def _verbs(self, fetch: Fetch) -> tuple[Verb, ...]:
        document = fetch.document
        if document.twiml is not None:
            return voice(document.twiml)
        form = self._names(CallStatus.IN_PROGRESS) | fetch.told
        answer = await self._network.courier.send(document.url, form, document.method)
        self._look()
        return voice(answer.document())

    async def _obey(self, verbs: Sequence[Verb], here: Document) -> Fetch | None:
        for verb in verbs:
            match verb:
                case Say():
                    await self._say(Spoken(verb.words, verb.language))
                case Pause():
                    await self._wait_out(timedelta(seconds=verb.seconds))
                case Gather():
                    told = await self._gather(verb)
                    if told is not None:
                        return Fetch(_onward(here, verb.action, verb.method), told)
                case Redirect():
                    return Fetch(_onward(here, verb.url, verb.method), {})
                case Hangup():
                    return None
        return None

    async def _say(self, spoken: Spoken, until_key: bool = False) -> None:
        self._network.phones.speak(self._sid, spoken)
        await self._wait_out(timedelta(seconds=len(spoken.words) / LETTERS_A_SECOND), until_key)

    async def _gather(self, gather: Gather) -> dict[str, str] | None:
        """Listens for keys; None when none came, else what to tell alarmd."""
        self._network.phones.listen(self._sid, True)
        try:
            if self._scripted:
                self._scripted = False
                self._press_scripted()
            for prompt in gather.prompts:
                if self._call.keys:
                    break
                if isinstance(prompt, Say):
                    await self._say(Spoken(prompt.words, prompt.language), until_key=True)
                else:
                    await self._wait_out(timedelta(seconds=prompt.seconds), until_key=True)
            return await self._collect(gather)
        finally:
            if not self._call.status.ended:
                self._network.phones.listen(self._sid, False)

    async def _collect(self, gather: Gather) -> dict[str, str] | None:
        """Keys until there are enough, one finishes, or none comes for the time-out."""
        while True:
            keys = self._call.keys
            finish = min((keys.index(key) for key in gather.finish_on if key in keys), default=None)
            if finish is not None or (gather.digits is not None and len(keys) >= gather.digits):
                break
            until = self._network.clock.now() + timedelta(seconds=gather.timeout)
            while self._call.keys == keys and self._network.clock.now() < until:
                await self._wait(until)
            if self._call.keys == keys:
                break
        digits = keys[:finish][: gather.digits]
        if not digits and not gather.act_when_empty:
            return None
        return {"Digits": digits} | ({} if finish is None else {"FinishedOnKey": keys[finish]})

    def _press_scripted(self) -> None:
        says = self._network.phones.habit(self._order.to).says
        self._network.phones.press(self._sid, says, self._network.clock.now())

    # -- waiting, and the model

    async def _wait_out(self, span: timedelta, until_key: bool = False) -> None:
        until = self._network.clock.now() + span
        while self._network.clock.now() < until and not (until_key and self._call.keys):
            await self._wait(until)

    async def _wait(self, until: datetime) -> None:
        """Returns when the time has come or the bell rang. Raises Over and Replaced."""
        await self._network.clock.sleep_until(until, self._bell)
        self._bell.clear()
        self._look()

    def _look(self) -> None:
        if self._call.status.ended:
            raise Over
        if self._replacement is not None:
            raise Replaced

    @property
    def _call(self) -> Call:
        return self._network.phones.call(self._sid)

    def _move(self, status: CallStatus, answered_by: str | None = None) -> None:
        if self._call.status.ended:
            raise Over
        self._network.phones.move_call(self._sid, status, self._network.clock.now(), answered_by)

    def _end(self, status: CallStatus) -> None:
        self._move(status)
        raise Over

    def _fault(self, fault: TwimlFault) -> None:
        self._network.phones.show_fault(self._order.to, Fault(self._network.clock.now(), fault.code, str(fault)))

    # -- telling alarmd

    async def _report(self, event: str, status: str, more: dict[str, str] | None = None) -> None:
        """One status callback, when it was asked for; the end is always told."""
        if self._order.status_url is None or event not in self._order.events | {"completed"}:
            return
        form = self._names(status) | (more or {})
        form |= {
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(next(self._numbers)),
            "Timestamp": format_datetime(self._network.clock.now()),
        }
        await self._network.courier.send(self._order.status_url, form, self._order.status_method)

    def _names(self, status: str) -> dict[str, str]:
        call, order = self._call, self._order
        form = {
            "CallSid": self._sid,
            "AccountSid": self._network.account_sid,
            "CallStatus": status,
            "ApiVersion": "2010-04-01",
        }
        form |= {
            "From": order.sender,
            "To": order.to,
            "Caller": order.sender,
            "Called": order.to,
            "Direction": "outbound-api",
        }
        return form | ({"AnsweredBy": call.answered_by} if order.detect and call.answered_by else {})


def _onward(here: Document, url: str | None, method: str) -> Document:
    """The next document: `url` seen from the present one; none means the present one again. Raises TwimlFault."""
    target = urljoin(here.url, url or "")
    if urlsplit(target).scheme not in ("http", "https"):
        raise TwimlFault(11100, f"Invalid URL format: {target!r}")
    return replace(here, twiml=None, url=target, method=method)
