"""A call, or the answer to a text, as TwiML. PURE: XML as a value; sending and fetching it is for other rooms.

It stands here because the call that is placed and the answer to its key 9 must say the same, and the rooms that send
and receive do not know each other. Source: twilio.com/docs/voice/twiml (say, gather, pause),
twilio.com/docs/messaging/twiml; at most 4,000 characters may come with a call
(twilio.com/docs/voice/api/call-resource, parameter Twiml).
"""

from xml.etree.ElementTree import Element, SubElement, tostring

from alarmd.alarm.model import Alarm
from alarmd.organisation.model import Organisation
from alarmd.wording.calls import announcement, menu, voice
from alarmd.wording.texts import say

LONGEST = 4000
TIMES = 3
"""How often a call says everything, unless a key is pressed."""
LISTEN = 6
"""Seconds that a call waits for a key after its last word."""


def alarm_call(
    alarm: Alarm,
    organisation: Organisation,
    language: str,
    action: str,
    *,
    attempt: str | None = None,
    first: str | None = None,
) -> str:
    """The whole call: the alarm and the keys, said several times while it listens; a key goes to `action`. `first` is
    said before, once. Names full of signs that XML must escape make it too long to send: then it is said only once.
    """
    words = " ".join((*announcement(alarm, organisation, language, attempt=attempt), menu(alarm, language)))
    whole = _listening(words, language, action, TIMES, first)
    return whole if len(whole) <= LONGEST else _listening(words, language, action, 1, first)


def last_words(words: str, language: str) -> str:
    """Say this and end the call."""
    response = Element("Response")
    _say(response, words, language)
    SubElement(response, "Hangup")
    return _text(response)


def text_answer(words: str) -> str:
    """Answer a text with this text."""
    response = Element("Response")
    SubElement(response, "Message").text = words
    return _text(response)


def _listening(words: str, language: str, action: str, times: int, first: str | None) -> str:
    response = Element("Response")
    gather = SubElement(response, "Gather", numDigits="1", action=action, method="POST", timeout=str(LISTEN))
    if first:
        _say(gather, first, language)
    for turn in range(times):
        if turn:
            SubElement(gather, "Pause", length="1")
        _say(gather, words, language)
    _say(response, say(language, "call.no_key"), language)
    return _text(response)


def _say(parent: Element, words: str, language: str) -> None:
    SubElement(parent, "Say", language=voice(language)).text = words


def _text(response: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(response, encoding="unicode")
