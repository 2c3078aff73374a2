"""What a calendar says, as shifts of people who are known here, and what of it is news. PURE. Called by `alarmd apply`
and by the daemon, whenever a calendar was read.

An event means whomever `people` names for its text; else each who takes part in it and whose mail address is a contact
of somebody known; else whoever has its text for a name or id. What means nobody known is told, never passed over in
silence; but its text, which may be about anybody, is shown to an administrator who reads the calendar, and not kept.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zlib import crc32

from alarmd.organisation.model import Known, Person, Roster, Shift

BACK, AHEAD = timedelta(days=35), timedelta(days=400)
"""So much of a calendar is known, at least: what `alarmd oncall` shows of the past, and more than a year to come."""
LONGEST_TEXT = 60
MOST_UNCLEAR = 200
"""So many are known again one by one."""

Unclear = dict[str, datetime | None]
"""Words about an event, its text in them, and when the first of them is, where that is known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event at one time, aware UTC. `text` is on one line; `addresses` are those of who takes part."""

    start: datetime
    end: datetime
    text: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """All that a calendar says of the span that ends at `until`. `unclear`: what in it cannot be read."""

    entries: tuple[Entry, ...]
    until: datetime
    unclear: Unclear


def span(now: datetime) -> tuple[datetime, datetime]:
    """What is read of a calendar, aware UTC: whole months, so that time alone makes one new version in a month and not
    one with each shift that comes into sight.
    """
    first, last = (now - BACK).astimezone(UTC), (now + AHEAD).astimezone(UTC)
    return datetime(first.year, first.month, 1, tzinfo=UTC), datetime(
        last.year + last.month // 12, last.month % 12 + 1, 1, tzinfo=UTC
    )


def read_from(
    roster: Roster, said: Said, people: Mapping[str, Person], now: datetime, before: Roster | None = None
) -> Roster:
    """The roster with what its calendar says now. `before` is what holds: where it is kept in the same place, what is
    over stays as it was, and what is no news changes nothing.
    """
    register = _Register.of(roster, people)
    shifts = {Shift(entry.start, entry.end, person) for entry in said.entries for person in register.meant(entry) or ()}
    unclear = {_mark(words): first for words, first in unclear_in(roster, said, people, now).items()}
    old = before.known if before and before.is_of(roster) else None
    if old:
        first, _ = span(now)
        over = {each for each in old.shifts if first < each.end <= now and each.person in people}
        shifts = {each for each in shifts if each.end > now} | over
    new = Known(tuple(sorted(shifts)), said.until, dict(islice(unclear.items(), MOST_UNCLEAR)))
    return replace(roster, known=new if old is None or _is_news(old, new, now) else old)


def unclear_in(roster: Roster, said: Said, people: Mapping[str, Person], now: datetime) -> Unclear:
    """What of it, not over yet, names nobody known or cannot be read; of equal ones the next. For an administrator's
    eyes.
    """
    register = _Register.of(roster, people)
    unclear = {words: first for words, first in said.unclear.items() if first is None or first > now}
    for entry in sorted(said.entries, key=lambda each: each.start):
        if entry.end > now and register.meant(entry) is None:
            unclear.setdefault(f"{quoted(entry.text)} names nobody known", entry.start)
    return unclear


def kept(roster: Roster, before: Roster, people: Mapping[str, Person]) -> Roster:
    """The roster with what was known `before`, because its calendar is away; whoever has left is not on call."""
    known = before.known
    if known:
        known = replace(known, shifts=tuple(each for each in known.shifts if each.person in people))
    return replace(roster, known=known)


def to_come(roster: Roster | None, now: datetime) -> tuple[Shift, ...]:
    """The shifts that are not over."""
    return tuple(each for each in roster.shifts if each.end > now) if roster else ()


def is_lost(before: Roster | None, after: Roster, now: datetime) -> bool:
    """There were shifts to come, and the same calendar says none any more: more likely its export is broken than that
    nobody is ever on call again.
    """
    return bool(after.is_of(before) and to_come(before, now) and not to_come(after, now))


def folded(text: str) -> str:
    """What is the same but for blanks and capital letters folds to the same."""
    return " ".join(text.split()).casefold()


def _is_news(old: Known, new: Known, now: datetime) -> bool:
    """Not by the hour alone: what is over is not looked at, nor which of several equal unclear events is the next."""
    shifts = [[each for each in known.shifts if each.end > now] for known in (old, new)]
    return old.until != new.until or shifts[0] != shifts[1] or old.unclear.keys() != new.unclear.keys()


def _mark(words: str) -> str:
    """Enough to know it again, and nothing of what it says."""
    return f"{crc32(words.encode()):08x}"


def quoted(text: str) -> str:
    """The text of an event as it is told: short, in quotation marks."""
    return json.dumps(text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}...", ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Register:
    """Whom a text, a mail address or a name means. What two people share means neither."""

    texts: Mapping[str, str | None]
    addresses: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, roster: Roster, people: Mapping[str, Person]) -> "_Register":
        mail = [(each.address, who.id) for who in people.values() for each in who.contact if each.kind == "email"]
        names = [(who.name, who.id) for who in people.values()]
        return cls(
            {folded(text): meant for text, meant in roster.people.items()},
            _unique(mail),
            _unique(names) | {id: id for id in people},
        )

    def meant(self, entry: Entry) -> tuple[str, ...] | None:
        """Ids of people, none on purpose, or None: nobody who is known."""
        text = folded(entry.text)
        if text in self.texts:
            meant = self.texts[text]
            return () if meant is None else (meant,)
        present = dict.fromkeys(self.addresses.get(folded(each)) for each in entry.addresses)
        found = tuple(each for each in present if each is not None)
        return found or ((self.names[text],) if text in self.names else None)


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for word, id in pairs:
        found.setdefault(folded(word), set()).add(id)
    return {word: min(ids) for word, ids in found.items() if len(ids) == 1}
