"""Requests from the telephone company to alarmd, signed with Twilio's own library so that the real checks run.

It never retries and never raises for what alarmd does: no answer is an answer (`status` None). Called by the lives of
texts and calls. Source: twilio.com/docs/usage/webhooks/webhooks-security.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog
from twilio.request_validator import RequestValidator
from yarl import URL

from alarmd.rehearsal.twiml import TwimlFault

PATIENCE = aiohttp.ClientTimeout(total=15)  # seconds; Twilio's own for a webhook
READS = ("text/xml", "application/xml", "text/html")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What alarmd answered: HTTP status (None: nothing came), content type without parameters, and the text."""

    status: int | None
    kind: str
    text: str

    @property
    def good(self) -> bool:
        return self.status is not None and self.status < 300

    def document(self) -> str:
        """The text, when it can be TwiML; else TwimlFault with the code that Twilio's debugger would show."""
        if not self.good:
            raise TwimlFault(11200, f"HTTP retrieval failure: {self.status or self.text}")
        if self.text.strip() and self.kind not in READS:
            raise TwimlFault(12300, f"Invalid Content-Type: {self.kind}")
        return self.text


class Courier:
    """Carries signed requests through one session of a client: `async with` it before the first."""

    def __init__(self, auth_token: str) -> None:
        self._sign = RequestValidator(auth_token).compute_signature
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, url: str, form: Mapping[str, str], method: str = "POST") -> Answer:
        """One request. For GET the form goes into the address, and is signed with it."""
        if self._session is None:
            raise RuntimeError("the courier was not opened")
        fields = dict(form)
        if method == "GET":
            url, fields = url + ("&" if urlsplit(url).query else "?") + urlencode(fields), {}
        headers = {"X-Twilio-Signature": str(self._sign(url, fields)), "User-Agent": "TwilioProxy/1.1"}
        try:
            # The address goes out exactly as it was signed: a client that tidies it up would break the signature.
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=fields if method == "POST" else None,
                headers=headers,
                timeout=PATIENCE,
                allow_redirects=False,
            ) as response:
                answer = Answer(response.status, response.content_type, await response.text(errors="replace"))
        except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
            answer = Answer(None, "", type(fault).__name__)
        if not answer.good:
            log.warning(
                "rehearsal_callback_failed", path=urlsplit(url).path, status=answer.status, why=answer.text[:200]
            )
        return answer
