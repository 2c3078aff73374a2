"""The forms of Twilio's REST API: read, checked as Twilio checks them, refused in its words and codes. Called by
`twilio_server.py`.

Parameters that do not matter to a simulated phone are let pass unread. Source of the codes: twilio.com/docs/api/errors.
"""

import re
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.datastructures import FormData

from alarmd.rehearsal.call_life import MACHINE
from alarmd.rehearsal.orders import CallOrder, Document, TextOrder
from alarmd.rehearsal.phones import CallStatus

E164 = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_TEXT = 1600  # characters
LONGEST_TWIML = 4000  # characters of TwiML that come with the call itself
LONGEST_RING = 600  # seconds
EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})


class TwilioError(Exception):
    """A refusal as Twilio words it: HTTP status, Twilio's code, the message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    def body(self) -> dict[str, object]:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": str(self), "more_info": more, "status": self.status}


def text_order(form: FormData) -> TextOrder:
    """`POST Messages.json`. Raises TwilioError."""
    to = _phone_number(form, "To", 21604, 21211)
    service = _one(form, "MessagingServiceSid")
    sender = service if service and not _one(form, "From") else _phone_number(form, "From", 21603, 21212)
    body = _one(form, "Body")
    if not body:
        raise TwilioError(400, 21602, "Message body is required.")
    if len(body) > LONGEST_TEXT:
        raise TwilioError(400, 21617, f"The concatenated message body exceeds the {LONGEST_TEXT} character limit.")
    return TextOrder(to, sender, body, _address(form, "StatusCallback", 21609))


def call_order(form: FormData) -> CallOrder:
    """`POST Calls.json`. Raises TwilioError."""
    fallback = _address(form, "FallbackUrl", 21205)
    return CallOrder(
        to=_phone_number(form, "To", 21201, 21211),
        sender=_phone_number(form, "From", 21213, 21212),
        document=_call_document(form),
        rings=timedelta(seconds=_ring_seconds(form)),
        fallback=Document(url=fallback, method=_method(form, "FallbackMethod")) if fallback else None,
        status_url=_address(form, "StatusCallback", 21609),
        status_method=_method(form, "StatusCallbackMethod"),
        events=_call_events(form),
        detect=_detection(form),
    )


def call_change(form: FormData) -> CallStatus | Document:
    """`POST Calls/{sid}.json`: how to end the call, or what it is to perform instead. Raises TwilioError."""
    wanted = _one(form, "Status")
    if wanted in (CallStatus.COMPLETED, CallStatus.CANCELED):
        return CallStatus(wanted)
    if wanted:
        raise TwilioError(400, 20001, f"Invalid Status {wanted!r}: completed or canceled")
    return _call_document(form)


def _call_document(form: FormData) -> Document:
    twiml = _one(form, "Twiml")
    if len(twiml) > LONGEST_TWIML:
        raise TwilioError(400, 20001, f"Twiml is longer than {LONGEST_TWIML} characters")
    if twiml:
        return Document(twiml=twiml)
    url = _address(form, "Url", 21205)
    if url is None:
        raise TwilioError(400, 21205, "Url parameter is required.")
    return Document(url=url, method=_method(form, "Method"))


def _call_events(form: FormData) -> frozenset[str]:
    """StatusCallbackEvent: repeated, or one value with blanks between."""
    given = frozenset(word for value in form.getlist("StatusCallbackEvent") for word in str(value).split())
    if not given <= EVENTS:
        raise TwilioError(400, 21626, f"Invalid StatusCallbackEvent: {', '.join(sorted(given - EVENTS))}")
    return given or frozenset({"completed"})


def _detection(form: FormData) -> str:
    given = _one(form, "MachineDetection")
    if given and given not in MACHINE:
        raise TwilioError(400, 20001, f"Invalid MachineDetection {given!r}: {' or '.join(MACHINE)}")
    return given


def _ring_seconds(form: FormData) -> int:
    given = _one(form, "Timeout") or "60"
    if not given.isascii() or not given.isdigit() or not 1 <= int(given) <= LONGEST_RING:
        raise TwilioError(400, 20001, f"Invalid Timeout {given!r}: 1 to {LONGEST_RING}")
    return int(given)


def _phone_number(form: FormData, name: str, missing: int, invalid: int) -> str:
    number = _one(form, name)
    if not number:
        raise TwilioError(400, missing, f"A '{name}' phone number is required.")
    if not E164.fullmatch(number):
        raise TwilioError(400, invalid, f"Invalid '{name}' Phone Number: {number}")
    return number


def _address(form: FormData, name: str, code: int) -> str | None:
    url = _one(form, name)
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise TwilioError(400, code, f"{name} is not a valid URL: {url}")
    return url or None


def _method(form: FormData, name: str) -> str:
    given = (_one(form, name) or "POST").upper()
    if given not in ("GET", "POST"):
        raise TwilioError(400, 20001, f"Invalid {name} {given!r}: GET or POST")
    return given


def _one(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""
