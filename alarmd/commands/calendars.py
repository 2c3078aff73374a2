"""The calendars that an organisation file names, read when it is applied. One that is away does not hold up an
administrator who mends something else: what the version that holds knows of it is kept, and that is said. One of which
nothing is known, or that has lost all that was known, is refused unless there is a reason.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from alarmd.calendars.shelf import open_shelf
from alarmd.errors import Unreadable
from alarmd.organisation.model import Organisation, Roster
from alarmd.organisation.roster import is_lost, kept, read_from, span, to_come, unclear_in
from alarmd.ports import Calendars

Told = tuple[str, str]
"""A path such as `schedules.duty.calendar`, and words."""


@dataclass(slots=True)
class Read:
    """The organisation with what its calendars say; `faults` need a reason, `warnings` are told. `unclear`: events that
    name nobody known or cannot be read, with their texts.
    """

    organisation: Organisation
    faults: list[Told] = field(default_factory=list)
    warnings: list[Told] = field(default_factory=list)
    unclear: list[Told] = field(default_factory=list)


def with_calendars(organisation: Organisation, held: Organisation | None, folder: Path, now: datetime) -> Read:
    """Read them all. `held` is the version that holds, `folder` that of the file, to which paths are relative."""
    read = Read(organisation)
    if any(schedule.calendar for schedule in organisation.schedules.values()):
        asyncio.run(_read_all(read, held, folder, now))
    return read


async def _read_all(read: Read, held: Organisation | None, folder: Path, now: datetime) -> None:
    schedules = dict(read.organisation.schedules)
    async with open_shelf() as shelf:
        for key, schedule in schedules.items():
            if schedule.calendar:
                old = held.schedules.get(key) if held else None
                one = _One(read, f"schedules.{key}.calendar", old.calendar if old else None, now)
                schedules[key] = replace(schedule, calendar=await one.read(shelf, _placed(schedule.calendar, folder)))
    read.organisation = replace(read.organisation, schedules=schedules)


def _placed(roster: Roster, folder: Path) -> Roster:
    """With an absolute path: the daemon is somewhere else."""
    return replace(roster, file=str((folder / roster.file).resolve()) if roster.file else "", known=None)


@dataclass(frozen=True, slots=True)
class _One:
    """One calendar; `before` is what the version that holds knows under the same schedule."""

    whole: Read
    path: str
    before: Roster | None
    now: datetime

    async def read(self, shelf: Calendars, roster: Roster) -> Roster:
        organisation = self.whole.organisation
        try:
            said = await shelf.read(roster, organisation.time_zone, span(self.now))
        except Unreadable as fault:
            return self._away(roster, str(fault))
        found = read_from(roster, said, organisation.people, self.now, self.before)
        for words, first in unclear_in(roster, said, organisation.people, self.now).items():
            when = f", at {first.astimezone(ZoneInfo(organisation.time_zone)):%Y-%m-%dT%H:%M}" if first else ""
            self.whole.unclear.append((self.path, f"{words}{when}"))
        if is_lost(self.before, found, self.now):
            known = len(to_come(self.before, self.now))
            self._note(self.whole.faults, f"says nothing of the time to come, where {known} shifts are known")
        return found

    def _away(self, roster: Roster, why: str) -> Roster:
        if self.before and self.before.known and roster.is_of(self.before):
            known = f"what is known of it, to {self.before.known.until:%Y-%m-%d}, is kept"
            self._note(self.whole.warnings, f"cannot be read: {why}; {known}")
            return kept(roster, self.before, self.whole.organisation.people)
        self._note(self.whole.faults, f"cannot be read: {why}; nothing of it is known yet")
        return roster

    def _note(self, where: list[Told], words: str) -> None:
        where.append((self.path, words))
