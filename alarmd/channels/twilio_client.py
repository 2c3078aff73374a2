"""Twilio's own library over our HTTP client, and what Twilio's errors mean. Called by the text and the voice channel.

The library's asynchronous client ignores its timeout (twilio-python issue 925), so requests go through `_Wire`. A
client is made inside the running loop and touched at once: its first use imports what the first alarm must not wait
for. Source of the codes: twilio.com/docs/api/errors.
"""

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import structlog
from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from alarmd.alarm.model import AttemptState
from alarmd.channels.http_client import of_fault, of_status, wait_before_next
from alarmd.ports import Message, Outcome
from alarmd.settings import Settings

STATUS_PATH = "/v1/hooks/twilio/status"
VOICE_PATH = "/v1/hooks/twilio/voice"

WHY: Mapping[int, str] = {
    13223: "invalid_number",  # Dial: invalid phone number format
    13224: "invalid_number",  # Dial: Twilio does not support calling this number
    13225: "blocked",  # Dial: call blocked by Twilio
    20003: "not_allowed",  # authenticate
    20005: "not_allowed",  # account not active
    21210: "invalid_sender",  # From is not verified
    21211: "invalid_number",  # invalid To
    21212: "invalid_sender",  # invalid From
    21214: "invalid_number",  # To cannot be reached
    21215: "region_not_allowed",  # calls to this country are switched off
    21216: "blocked",  # account not allowed to call this number
    21217: "invalid_number",
    21219: "not_verified",  # a trial account calls verified numbers only
    21265: "invalid_number",  # To cannot be a short code
    21266: "invalid_number",  # To and From are the same
    21408: "region_not_allowed",  # texts to this country are switched off
    21421: "invalid_number",
    21602: "empty_message",
    21603: "invalid_sender",
    21604: "invalid_number",  # To missing
    21606: "invalid_sender",  # From cannot send texts
    21608: "not_verified",
    21609: "invalid_public_url",  # StatusCallback is no URL
    21610: "opted_out",  # he once answered STOP
    21612: "no_route",
    21614: "not_mobile",
    21617: "too_long",
    21635: "not_mobile",  # landline
    21659: "invalid_sender",  # From is not a number of this account
    21660: "invalid_sender",
    63038: "daily_limit",
}
"""Twilio's codes that mean another way, never this one again."""
BUSY = frozenset({20429, 21611, 30001})
"""Codes that mean the same once more: too many requests, or a sender whose queue is full."""


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """What it takes to use an account. `sender`: our own number, or a messaging service (`MG...`) for texts.
    `public_url`: how Twilio reaches alarmd.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str = field(repr=False)
    api_url: str
    public_url: str

    @classmethod
    def of(cls, settings: Settings) -> "TwilioAccount":
        return cls(
            settings.twilio_account_sid,
            settings.twilio_auth_token.get_secret_value(),
            settings.twilio_from,
            settings.twilio_api_url,
            settings.base_url,
        )


@dataclass(frozen=True, slots=True)
class Twilio:
    """An account with an open client."""

    account: TwilioAccount
    client: Any

    def hook(self, path: str, message: Message) -> str:
        """Where Twilio tells of this attempt: ids alone, never what the alarm is."""
        query = urlencode({"alarm": message.alarm.id, "attempt": message.attempt})
        return f"{self.account.public_url.rstrip('/')}{path}?{query}"


def connect(account: TwilioAccount, session: aiohttp.ClientSession) -> Twilio:
    """A client for this account over this session, whose timeout holds for every request."""
    # An environment of our own, lest the library look for its own variables: settings.py alone reads the environment.
    client = Client(
        account.account_sid, account.auth_token, http_client=_Wire(session), environment={"TWILIO_EDGE": ""}
    )
    client.api.base_url = account.api_url.rstrip("/")  # also imports what texts and calls need
    return Twilio(account, client)


async def place(message: Message, create: Callable[[], Awaitable[Any]]) -> Outcome:
    """Have Twilio create a text or a call, and say what came of it."""
    wait = wait_before_next(message)
    try:
        created = await create()
    except (TwilioException, aiohttp.ClientError, TimeoutError, ValueError) as fault:
        return outcome_of(fault, wait)
    if not created.sid:
        return _unreadable(wait)
    if created.status in ("failed", "undelivered", "canceled"):
        return Outcome(AttemptState.FAILED, "provider_failed", created.sid)
    return Outcome(AttemptState.ACCEPTED, provider=created.sid)


def outcome_of(fault: Exception, wait: float) -> Outcome:
    """What a failed request means: Twilio's code goes before its HTTP status."""
    if isinstance(fault, (TwilioRestException, TwilioServiceException)):
        code = fault.code if isinstance(fault.code, int) else 0
        if code in WHY:
            return Outcome(AttemptState.FAILED, WHY[code])
        return of_status(429 if code in BUSY else fault.status, wait)
    if isinstance(fault, (aiohttp.ClientError, TimeoutError)):
        return of_fault(fault, wait)
    return _unreadable(wait)


def _unreadable(wait: float) -> Outcome:
    """A yes that is no answer of Twilio's: something stands between, and may not have passed it on."""
    return Outcome(AttemptState.UNKNOWN, "unreadable_answer", again_in=wait)


class _Wire(AsyncHttpClient):  # type: ignore[misc]  # the library carries no types
    """How the library sends a request. Logs nothing: the library's own client logs addresses."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(structlog.get_logger(), is_async=True)  # that logger is never used
        self._session = session

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109 - the library's signature; the session has ours
        allow_redirects: bool = False,
    ) -> Response:
        known = dict(headers or {})
        if auth is not None:
            known["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        body = urlencode(data, doseq=True).encode() if data else None
        async with self._session.request(
            method.upper(), uri, params=params, data=body, headers=known, allow_redirects=allow_redirects
        ) as answer:
            return Response(answer.status, await answer.text(), answer.headers)
