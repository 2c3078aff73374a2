"""Open alarms as choices that whoever answers can tell apart. PURE. Called by `replies`.

A choice is named by its place alone where that suffices. A fault of the machinery and a drill are always called what
they are, so that nobody takes one for the alarm that he means.
"""

from collections.abc import Sequence

from alarmd.alarm.model import Alarm, Kind
from alarmd.organisation.model import Organisation
from alarmd.wording.alarms import kind_name
from alarmd.wording.causes import trouble
from alarmd.wording.places import clip, hour_minute, note, site_name, spot
from alarmd.wording.texts import say

Known = tuple[Alarm, Organisation]

WHAT = 40
"""Characters of a note or a fault that tell two alarms apart."""


def choices(known: Sequence[Known], language: str) -> list[str]:
    """`Mottak`, `Mottak (kl. 14.05)`: one for each alarm, with no more in it than is needed."""
    sites = len({site_name(*one) for one in known}) > 1
    said = [_place(*one, language, sites=sites) for one in known]
    for tell in (_kind, _time, _what):
        more = [tell(*one, language) for one in known]
        pairs = list(zip(said, more, strict=True))
        said = [
            (*words, word) if word and len({m for w, m in pairs if w == words}) > 1 else words for words, word in pairs
        ]
    return [f"{name} ({', '.join(details)})" if details else name for name, *details in said]


def _place(alarm: Alarm, organisation: Organisation, language: str, *, sites: bool) -> tuple[str, ...]:
    """The name, and what has to be known of it anyhow; the site where there are several."""
    name, site = spot(alarm, organisation), site_name(alarm, organisation)
    return (
        name,
        *([site] if sites and site != name else []),
        *([kind_name(alarm, language)] if alarm.kind is Kind.TECHNICAL else []),
        *([say(language, "reply.drill")] if alarm.drill else []),
    )


def _kind(alarm: Alarm, _: Organisation, language: str) -> str:
    return kind_name(alarm, language)


def _time(alarm: Alarm, organisation: Organisation, language: str) -> str:
    return say(language, "time", **hour_minute(alarm, organisation))


def _what(alarm: Alarm, organisation: Organisation, language: str) -> str:
    return clip(trouble(alarm, organisation, language) if alarm.cause else note(alarm), WHAT)
