"""What is wrong with alarmd's own machinery, in the words of whom it is told. PURE. Called where a note would stand.

A technical alarm carries its cause and a text for an administrator, in English: people are told a sentence of their
own language that belongs to the cause. Nothing that a sender wrote reaches a phone but the id of a device, on one line.
"""

from alarmd.alarm.model import Alarm
from alarmd.organisation.model import Organisation
from alarmd.wording.places import clip, note
from alarmd.wording.texts import CATALOGUE, say

ID = 40
"""Characters of an id."""
BEHIND_THE_ID = ("nobody", "calendar")
"""Where something stands behind the id: a step, a node."""


def trouble(alarm: Alarm, organisation: Organisation, language: str) -> str:
    """One sentence by the cause, `battery:desk-3`. A cause without words of its own: the English text in English."""
    head, _, rest = (alarm.cause or "").partition(":")
    id, _, step = rest.rpartition(":") if head in BEHIND_THE_ID else (rest, "", "")
    key = f"cause.{head}"
    if key in CATALOGUE["en"]:
        return say(language, key, id=_named(id, organisation), step=clip(step, ID))
    return (note(alarm) if language == "en" else "") or say(language, "cause.other")


def _named(id: str, organisation: Organisation) -> str:
    """`desk-3 (Mottak)` where it is a device that the organisation knows."""
    device = organisation.devices.get(id)
    zone = organisation.zone(device.zone) if device is not None else None
    return clip(id, ID) if zone is None else f"{clip(id, ID)} ({clip(zone.name, ID)})"
