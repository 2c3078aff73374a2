"""TwiML, as far as alarmd and its tests speak it. PURE: text in, verbs out.

Unknown verbs are refused rather than skipped: what a rehearsal lets pass would fail for the first time in an alarm.
Called by `texting.py` and `call_life.py`. Source: twilio.com/docs/voice/twiml and /docs/messaging/twiml; the numbers
are Twilio's own error codes.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

ROUNDS = 20  # `loop="0"` means for ever; nobody listens for ever


class TwimlFault(Exception):
    """What Twilio's debugger would say of a document. `code` is Twilio's error code."""

    def __init__(self, code: int, what: str) -> None:
        super().__init__(what)
        self.code = code


@dataclass(frozen=True, slots=True)
class Say:
    """Speak. `language` is as written (`nb-NO`), or empty."""

    words: str
    language: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Say nothing for this many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Gather:
    """Listen for keys while `prompts` are spoken and for `timeout` seconds after; then fetch `action` (None: the same
    document).
    """

    prompts: tuple[Say | Pause, ...]
    action: str | None
    method: str
    digits: int | None
    finish_on: str
    timeout: int
    act_when_empty: bool


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go on with another document."""

    url: str
    method: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Message:
    """Answer a text by a text."""

    body: str


Verb = Say | Pause | Gather | Redirect | Hangup
Nested = Say | Pause


def voice(document: str) -> tuple[Verb, ...]:
    """The verbs of a call's document. Raises TwimlFault."""
    return tuple(verb for element in _root(document) for verb in _read_verb(element))


def replies(document: str) -> tuple[Message | Redirect, ...]:
    """The verbs of the answer to a text; an empty document says nothing. Raises TwimlFault."""
    return tuple(_read_reply(element) for element in _root(document)) if document.strip() else ()


def _root(document: str) -> ET.Element:
    try:
        # The document comes from alarmd itself; expat reads no external entities and bounds the others since 2.4.1.
        tree = ET.fromstring(document)  # noqa: S314 - the reason stands above
    except ET.ParseError as fault:
        raise TwimlFault(12100, f"Document parse failure: {fault}") from fault
    if tree.tag != "Response":
        raise TwimlFault(12100, f"The root is {tree.tag} where Response was expected")
    return tree


def _read_verb(element: ET.Element) -> tuple[Verb, ...]:
    match element.tag:
        case "Say" | "Pause":
            return _read_nested(element)
        case "Gather":
            return (_read_gather(element),)
        case "Redirect":
            return (Redirect(_words(element), _method(element)),)
        case "Hangup":
            return (Hangup(),)
        case other:
            raise TwimlFault(12200, f"This rehearsal does not know the verb {other}")


def _read_nested(element: ET.Element) -> tuple[Nested, ...]:
    match element.tag:
        case "Say":
            rounds = _number(element, "loop", 1) or ROUNDS
            return (Say(_words(element), element.get("language", "")),) * min(rounds, ROUNDS)
        case "Pause":
            return (Pause(_number(element, "length", 1)),)
        case other:
            raise TwimlFault(12200, f"{other} cannot stand inside Gather")


def _read_gather(element: ET.Element) -> Gather:
    if "dtmf" not in element.get("input", "dtmf").split():
        raise TwimlFault(12200, "These phones have keys and no ears: Gather needs input dtmf")
    return Gather(
        prompts=tuple(nested for child in element for nested in _read_nested(child)),
        action=element.get("action"),
        method=_method(element),
        digits=_number(element, "numDigits", 0) or None,
        finish_on=element.get("finishOnKey", "#"),
        timeout=_number(element, "timeout", 5),
        act_when_empty=element.get("actionOnEmptyResult", "false") == "true",
    )


def _read_reply(element: ET.Element) -> Message | Redirect:
    match element.tag:
        case "Message":
            body = element.find("Body")
            return Message(_words(element if body is None else body))
        case "Redirect":
            return Redirect(_words(element), _method(element))
        case other:
            raise TwimlFault(12200, f"{other} is no answer to a text")


def _method(element: ET.Element) -> str:
    given = element.get("method", "POST").upper()
    if given not in ("GET", "POST"):
        raise TwimlFault(12200, f"method {given} is neither GET nor POST")
    return given


def _number(element: ET.Element, name: str, default: int) -> int:
    given = element.get(name, str(default))
    if not given.isascii() or not given.isdigit():
        raise TwimlFault(12200, f"{name}={given!r} of {element.tag} is no number")
    return int(given)


def _words(element: ET.Element) -> str:
    """All text inside, with runs of blanks as one."""
    return " ".join("".join(element.itertext()).split())
