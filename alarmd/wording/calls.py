"""What a call says, sentence by sentence. PURE. `twiml.py` puts it into the form that a provider speaks.

Short sentences, each of which stands alone: whoever answers half asleep hears where first, then what to press. Keys:
1 coming, 2 cannot, 3 arrived, 9 again; no key ends or silences an alarm.
"""

from alarmd.alarm.model import Alarm, Kind
from alarmd.organisation.model import Organisation
from alarmd.wording.alarms import kind_name, manner, noted, progress
from alarmd.wording.places import hour_minute, place, site_name
from alarmd.wording.texts import say

VOICES = {"nb": "nb-NO", "nn": "nb-NO", "en": "en-GB"}
"""Language tags of text to speech. Nynorsk is read by the bokmål voice: no provider has one of its own."""
NOTE = 200
"""Characters of a note that are read aloud."""


def voice(language: str) -> str:
    """The tag of the voice that reads this language."""
    return VOICES.get(language, VOICES["nb"])


def announcement(
    alarm: Alarm, organisation: Organisation, language: str, *, attempt: str | None = None
) -> tuple[str, ...]:
    """The sentences that tell of the alarm."""
    return (
        *([say(language, "call.drill")] if alarm.drill else []),
        say(language, "call.from", site=site_name(alarm, organisation)),
        say(language, "call.kind", kind=kind_name(alarm, language)),
        say(language, "call.place", place=_aloud(place(alarm, organisation), language)),
        say(language, "call.time", **hour_minute(alarm, organisation)),
        *manner(alarm, language),
        *noted(alarm, organisation, language, NOTE),
        *progress(alarm, language, attempt),
    )


def menu(alarm: Alarm, language: str) -> str:
    """Which key means what."""
    return say(language, "call.menu_technical" if alarm.kind is Kind.TECHNICAL else "call.menu")


def _aloud(words: str, language: str) -> str:
    """Without the abbreviation that a voice would spell."""
    return words.replace("etg.", say(language, "call.floor"))
