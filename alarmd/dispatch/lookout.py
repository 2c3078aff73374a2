"""Looks every second whether somebody is at a console who can hear an alarm, where the organisation asks for that: a
technical alarm when there has been nobody for as long as it says, gone when there is somebody again.

Nobody is believed to be away because he cannot be seen: while a sister node may have consoles that are not known here,
nothing is said. That is so too while she says of herself that her relay is away, which is asked in the store. Where it
can never be known, that is said instead.
"""

import json
from datetime import datetime

import structlog

from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.dispatch.inspection import OPEN_AT_MOST
from alarmd.dispatch.presence import LOOK, Presence
from alarmd.errors import NotDurable
from alarmd.escalation.schedule import is_open
from alarmd.organisation.model import Organisation, Watched
from alarmd.ports import Clock, Reading, Store

log = structlog.get_logger()

CAUSE, BLIND = "no_armed_console", "consoles_unknown"


class Lookout:
    """One for each node; they may all say it, and one alarm is open. `can_know`: are the consoles of sisters ever known
    here, if there may be any."""

    def __init__(
        self, store: Store, clock: Clock, follower: Follower, presence: Presence, health: Health, *, can_know: bool
    ) -> None:
        self._can_know = can_know
        self._store = store
        self._clock = clock
        self._follower = follower
        self._presence = presence
        self._health = health
        self._nobody_since: datetime | None = None

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await self._clock.sleep_until(self._clock.now() + LOOK)

    async def look(self) -> None:
        """Is anybody there?"""
        organisation, now = self._follower.organisation, self._clock.now()
        if organisation is None:
            return
        if organisation.watched is None or self._can_know:
            self._health.gone(BLIND)
        else:
            self._health.found(
                BLIND, "whether somebody is at a console is not known: set ALARMD_REDIS_URL on every node"
            )
        watched = _asked(organisation, now)
        if watched is None or self._somebody(organisation, watched):
            self._nobody_since = None
            self._health.gone(CAUSE, "nobody need be at a console now" if watched is None else "somebody is there")
        elif not self._presence.counts.complete:
            self._nobody_since = None
        else:
            self._nobody_since = self._nobody_since or now
            if now - self._nobody_since >= watched.within and CAUSE not in self._health.faults:
                await self._say(watched, now)

    def _somebody(self, organisation: Organisation, watched: Watched) -> bool:
        armed = {one.person for _, one in self._presence.known() if one.armed}
        people = (organisation.people.get(id) for id in armed)
        return any(watched.by_roles.intersection(person.roles) for person in people if person)

    async def _say(self, watched: Watched, now: datetime) -> None:
        try:
            alone = await self._store.read(_hears_all)
        except NotDurable as fault:
            log.warning("whether sister nodes can be heard is not known", why=str(fault))
            alone = False
        if not alone:
            self._nobody_since = now  # as if it began now: the store is not asked every second
            return
        roles = " or ".join(sorted(watched.by_roles))
        self._health.found(CAUSE, f"nobody with the role {roles} is at a console whose sound is on")


def _asked(organisation: Organisation, now: datetime) -> Watched | None:
    """Who is to be there now."""
    watched = organisation.watched
    if watched is None or watched.only is None:
        return watched
    inside = is_open(watched.only, organisation.time_zone, now, organisation.holidays)
    return watched if inside else None


def _hears_all(reading: Reading) -> bool:
    """Does no node say of itself that it cannot hear or be heard."""
    summaries = (json.loads(each) for each in reading.summaries(open=True, site=None, limit=OPEN_AT_MOST))
    return not any((each["cause"] or "").startswith("relay:") for each in summaries)
