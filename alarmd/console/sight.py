"""What one viewer sees of the log: what belongs to his site, and behind a veil what is given in its place. Made once
for all who see the same; without a veil nothing is asked of anybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alarmd.access.model import Caller
from alarmd.access.side import hides
from alarmd.alarm.values import quick
from alarmd.alarm.veil import Veil
from alarmd.console import frames
from alarmd.ports import Logged

IN_ONE_FRAME = 500
NOTHING: frozenset[int] = frozenset()


@quick
@dataclass(frozen=True, slots=True)
class Entry:
    """An event, ready to be sent. Those behind `veil` are given `face`, nothing where that is empty."""

    position: int
    site: str | None
    text: str
    face: str = ""
    veil: Veil | None = None


def entry(logged: Logged) -> Entry:
    """Encoded once, whoever is sent it."""
    text = frames.spliced(logged)
    face = frames.spliced(logged, faced=True) if logged.veil is not None else ""
    return Entry(logged.position, logged.site, text, face, logged.veil)


def hidden(entries: Sequence[Entry], caller: Caller) -> frozenset[int]:
    """Positions of those that a veil hides from him."""
    found = [e.position for e in entries if e.veil is not None and hides(caller, e.veil)]
    return frozenset(found) if found else NOTHING


def told(entries: Sequence[Entry], hidden: frozenset[int]) -> int:
    """How far the log has come with these for somebody from whom these are hidden; 0: he learns nothing. What a veil
    hides must not be counted by watching the position."""
    if not hidden:
        return entries[-1].position if entries else 0
    return next((e.position for e in reversed(entries) if e.position not in hidden or e.face), 0)


def framed(entries: Sequence[Entry], site: str | None, hidden: frozenset[int]) -> Iterator[str]:
    """Frames of what may be seen. Nothing to see, no frame: the next one, or the beat, tells how far the log has
    come."""
    for start in range(0, len(entries), IN_ONE_FRAME):
        part = entries[start : start + IN_ONE_FRAME]
        seen = (e.face if e.position in hidden else e.text for e in part if site is None or e.site == site)
        texts = [text for text in seen if text]
        if texts:
            yield frames.events(told(part, hidden), texts)
