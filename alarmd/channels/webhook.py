"""A signed POST to another program: a chat, a door controller, a control room. 2xx is its word that it was delivered.

At least once: the same `attempt` may come twice, with the same id. With a secret, `X-Alarmd-Signature` is the hex
HMAC-SHA256 of the raw body, to be compared before it is read.
"""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from alarmd.alarm.effects import EndCall
from alarmd.alarm.model import AttemptState, Purpose, Signal
from alarmd.alarm.times import stamp
from alarmd.alarm.view import summary
from alarmd.channels.http_client import of_fault, of_status, open_session, wait_before_next
from alarmd.ports import Channel, Message, Outcome
from alarmd.settings import Settings
from alarmd.wording.places import site_name, zone_of

SIGNATURE = "X-Alarmd-Signature"
HEADERS = {"Content-Type": "application/json", "User-Agent": "alarmd"}
LONGEST_ANSWER = 65536
"""Bytes of an answer that are read, so that its connection can be used again."""


@asynccontextmanager
async def open_channel(settings: Settings) -> AsyncIterator[Channel]:  # noqa: ARG001 - every channel is opened so
    """The channel; it needs no setting."""
    async with open_session() as session:
        yield Webhook(session)


class Webhook:
    """Posts alarms over this session."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, message: Message) -> Outcome:
        raw = orjson.dumps(body(message))
        secret = message.contact.secret
        headers = {**HEADERS, SIGNATURE: signature(secret, raw)} if secret else HEADERS
        wait = wait_before_next(message)
        try:
            async with self._session.post(
                message.contact.address, data=raw, headers=headers, allow_redirects=False
            ) as answer:
                await answer.content.read(LONGEST_ANSWER)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as fault:
            return of_fault(fault, wait)
        return Outcome(AttemptState.DELIVERED) if 200 <= status < 300 else of_status(status, wait)

    async def end(self, effect: EndCall) -> bool:  # noqa: ARG002 - the signature of the port
        """Nothing rings here."""
        return True


def signature(secret: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 of the raw body."""
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def body(message: Message) -> dict[str, Any]:
    """What is posted. `alarm` is as in lists, with the names of its place; `event` is raised, step or all_clear."""
    alarm, organisation = message.alarm, message.organisation
    zone = zone_of(alarm, organisation)
    place = {
        "site": site_name(alarm, organisation),
        "zone": zone.name if zone else None,
        "floor": zone.floor if zone else None,
        "way": zone.way if zone else None,
    }
    return {
        "event": _event(message),
        "alarm": summary(alarm) | {"place": place},
        "signals": [_signal(s) for s in alarm.signals],
        "person": message.recipient.id,
        "attempt": message.attempt,
    }


def _event(message: Message) -> str:
    """The first step of the first round is the alarm itself, all later ones are steps."""
    if message.tell.purpose is Purpose.ALL_CLEAR:
        return "all_clear"
    found = message.alarm.find(message.attempt)
    return "step" if found and (found[0].step, found[0].round) != (1, 1) else "raised"


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "signal": signal.id,
        "ref": signal.ref,
        "device": signal.device,
        "zone": signal.zone,
        "kind": signal.kind.value,
        "note": signal.note,
        "at": stamp(signal.at),
    }
