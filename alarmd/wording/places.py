"""Where an alarm is and when it began, as words for one line. PURE. Used by texts, calls and answers.

Names come from the organisation and notes from people: both are put on one line, freed of what cannot be said or
printed, and cut to a length that leaves room for the sentence that tells how to answer.
"""

from zoneinfo import ZoneInfo

from alarmd.alarm.model import Alarm
from alarmd.organisation.model import Organisation, Zone

NAME = 60
"""Characters of the name of a zone, floor or site."""
WAY = 120
"""Characters of the way to a zone."""
LEAST_WAY = 20
"""Characters of a way that still lead somewhere."""
LONGEST = 3 * NAME + WAY + len(", ,  ()")
"""Characters of a place with everything in it."""


def place(alarm: Alarm, organisation: Organisation, room: int = LONGEST) -> str:
    """`Mottak, 1. etg. (Inngang A, rett fram), Nav Fjordvik`: as much of it as is known and fits into so many
    characters. The way is shortened first, then the floor is left out, then the names are cut: room and site stay.
    """
    zone = zone_of(alarm, organisation)
    if zone is None:
        return clip(spot(alarm, organisation), room)
    name, site = spot(alarm, organisation), site_name(alarm, organisation)
    for known in (f"{name}, {clip(zone.floor, NAME)}" if zone.floor else name, name):
        left = room - len(known) - len(site) - len(", ")
        if left >= 0:
            return f"{known}{_way(zone, left - len(' ()'))}, {site}"
    half = (room - len(", ")) // 2
    site = clip(site, max(half, room - len(", ") - len(name)))
    return f"{clip(name, room - len(', ') - len(site))}, {site}"


def spot(alarm: Alarm, organisation: Organisation) -> str:
    """The zone's name alone; without a zone that of the site, without a site that of the organisation."""
    zone = zone_of(alarm, organisation)
    return clip(zone.name, NAME) if zone is not None else site_name(alarm, organisation)


def site_name(alarm: Alarm, organisation: Organisation) -> str:
    """The site's name, or the organisation's where the alarm has no site."""
    site = organisation.sites.get(alarm.site or "")
    return clip(site.name if site is not None else organisation.name, NAME)


def zone_of(alarm: Alarm, organisation: Organisation) -> Zone | None:
    """Where the newest signal that knows its place came from: whoever pressed may have moved."""
    return organisation.zone(next((s.zone for s in reversed(alarm.signals) if s.zone), None))


def _way(zone: Zone, room: int) -> str:
    return f" ({clip(zone.way, min(room, WAY))})" if zone.way and room >= min(len(zone.way), LEAST_WAY) else ""


def hour_minute(alarm: Alarm, organisation: Organisation) -> dict[str, str]:
    """Local time of day when the alarm began, for the placeholders `hour` and `minute`."""
    local = alarm.opened_at.astimezone(ZoneInfo(organisation.time_zone))
    return {"hour": f"{local:%H}", "minute": f"{local:%M}"}


def note(alarm: Alarm) -> str:
    """The newest note that somebody left with a press, on one line; empty when there is none."""
    return one_line(next((s.note for s in reversed(alarm.signals) if s.note), ""))


def one_line(text: str) -> str:
    """Runs of blanks and breaks become one blank; what cannot be printed (and would break the XML of a call) goes."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def clip(text: str, longest: int) -> str:
    """One line of at most so many characters."""
    line = one_line(text)
    return line if len(line) <= longest else line[: longest - 3].rstrip() + "..."
