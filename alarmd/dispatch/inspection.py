"""Looks every day, at nine in the morning local time, whether somebody would come: a technical alarm for each thing
that is lacking, gone when it is mended.

`alarmd apply` has told what was lacking when the organisation came in; time brings the rest: absences, shifts that end,
the last of the public holidays. So the start of a daemon and a new version tell nothing here, they only mend; but a
version that a calendar has made was seen by nobody, and is told of at once. An alarm that somebody resolved without
mending what it was about is raised again the next day.
"""

import asyncio
import json
from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from alarmd.dispatch.follower import Follower
from alarmd.dispatch.health import Health
from alarmd.errors import NotDurable
from alarmd.escalation.readiness import Finding, Reason, readiness
from alarmd.escalation.schedule import begins
from alarmd.organisation.model import Organisation
from alarmd.ports import Clock, Head, Reading, Store

log = structlog.get_logger()

HOUR = time(9)
AGAIN = timedelta(minutes=1)
OPEN_AT_MOST = 10_000
DAY = timedelta(days=1)


class Inspection:
    """`working`: the kinds of contact that this node can use."""

    def __init__(
        self, store: Store, clock: Clock, follower: Follower, health: Health, working: Collection[str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._follower = follower
        self._health = health
        self._working = working
        self._wake = asyncio.Event()
        self._version = follower.head.organisation
        self._unseen: int | None = None

    def unseen(self, version: int) -> None:
        """This version was made by no person: what is lacking in it is told as soon as it holds."""
        self._unseen = version
        self._wake.set()

    def changed(self, head: Head) -> None:
        """What the follower says: another organisation may hold."""
        if head.organisation != self._version:
            self._version = head.organisation
            self._wake.set()

    async def run(self) -> None:
        """For ever."""
        due = self._next(self._clock.now())
        while True:
            now = self._clock.now()
            news = self._unseen is not None and self._version >= self._unseen
            try:
                await self._look(now, tell=now >= due or news)
                due = wait = self._next(now)
                self._unseen = None if news else self._unseen
            except NotDurable as fault:
                log.warning("readiness cannot be looked at", why=str(fault))
                wait = now + AGAIN
            await self._clock.sleep_until(wait, self._wake)
            self._wake.clear()

    def _next(self, now: datetime) -> datetime:
        organisation = self._follower.organisation
        zone = ZoneInfo(organisation.time_zone if organisation else "UTC")
        today = now.astimezone(zone).date()
        at = begins(datetime.combine(today, HOUR), zone)
        return at if at > now else begins(datetime.combine(today + DAY, HOUR), zone)

    async def _look(self, now: datetime, *, tell: bool) -> None:
        organisation = self._follower.organisation
        if organisation is None:
            return
        # Thirty days of a large organisation take longer than a press may wait: looked through where the store is read,
        # beside the loop.
        found, open_already = await self._store.read(
            partial(_seen, organisation=organisation, now=now, working=self._working)
        )
        known = {*open_already, *filter(_is_ours, self._health.faults)}
        for cause in sorted(known - found.keys()):
            self._health.gone(cause, "mended")
        if tell:
            self._tell(found, open_already)

    def _tell(self, found: Mapping[str, str], open_already: Collection[str]) -> None:
        for cause, text in found.items():
            told = cause in self._health.faults
            self._health.found(cause, text)
            if told and cause not in open_already:
                self._health.report(cause, text)


def _seen(
    reading: Reading, organisation: Organisation, now: datetime, working: Collection[str]
) -> tuple[dict[str, str], frozenset[str]]:
    return _lacking(organisation, now, working), _open_causes(reading)


def _lacking(organisation: Organisation, now: datetime, working: Collection[str]) -> dict[str, str]:
    """Words by cause, such as `schedule_has_a_hole:guard-duty`."""
    findings: dict[str, list[Finding]] = {}
    for finding in readiness(organisation, now, working):
        findings.setdefault(f"{finding.reason}:{_about(finding.path)}", []).append(finding)
    return {cause: _words(found) for cause, found in findings.items()}


def _about(path: str) -> str:
    """The id in a path such as `chains.panic.acknowledge`."""
    return path.split(".")[min(1, path.count("."))]


def _words(findings: list[Finding]) -> str:
    more = f" (and {len(findings) - 1} more like it)" if len(findings) > 1 else ""
    return f"{findings[0].path}: {findings[0].words}{more}"


def _open_causes(reading: Reading) -> frozenset[str]:
    """Of the alarms that are open, those that this or a former life has raised here."""
    summaries = (json.loads(each) for each in reading.summaries(open=True, site=None, limit=OPEN_AT_MOST))
    return frozenset(each["cause"] for each in summaries if _is_ours(each["cause"] or ""))


def _is_ours(cause: str) -> bool:
    return cause.partition(":")[0] in {*Reason}
