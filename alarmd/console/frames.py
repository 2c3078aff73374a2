"""The frames of the live feed as texts, made without looking inside an event: the log's own text gets its position
spliced in, once, and everybody is sent the same text. Called by the hub and by what brings a console forward; does
nothing else.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from alarmd.alarm.times import moment, stamp
from alarmd.dispatch.presence import Counts
from alarmd.ports import Logged

Unwell = Sequence[Mapping[str, str]]


def spliced(logged: Logged, *, faced: bool = False) -> str:
    """The event with its position first, as feed and timeline show it; `faced`: as those behind a veil are given it,
    which may be nothing."""
    body = logged.body if logged.face is None or not faced else logged.face
    return f'{{"position":{logged.position},{body[1:]}' if body else ""


def at(spliced: str) -> datetime:
    """When it happened; read out of the text, for a storm has no time to read all of it."""
    start = spliced.index('"at":"') + len('"at":"')
    return moment(spliced[start : spliced.index('"', start)])


def hello(
    position: int, node: str, now: datetime, era: str, unwell: Unwell = (), consoles: Counts | None = None
) -> str:
    """The first frame: how long the log is and which one, and whose clock it is."""
    whose = f'"node":{json.dumps(node)},"time":"{stamp(now)}","log":"{era}"'
    return f'{{"type":"hello","position":{position},{whose}{_also(unwell, consoles)}}}'


def snapshot(position: int, alarms: Iterable[str]) -> str:
    """Every open alarm as it stood at this position."""
    return f'{{"type":"snapshot","position":{position},"alarms":[{",".join(alarms)}]}}'


def events(position: int, texts: Iterable[str]) -> str:
    """`position`: how far the log has come with this frame, which may be past its last event."""
    return f'{{"type":"events","position":{position},"events":[{",".join(texts)}]}}'


def beat(position: int, now: datetime, unwell: Unwell = (), consoles: Counts | None = None) -> str:
    """Nothing has happened, and we are here."""
    return f'{{"type":"beat","position":{position},"time":"{stamp(now)}"{_also(unwell, consoles)}}}'


def _also(faults: Unwell, consoles: Counts | None) -> str:
    """How many consoles there are; and what is wrong with this node, nothing at all where nothing is."""
    there = "" if consoles is None else f',"consoles":{json.dumps(consoles.plain(), separators=(",", ":"))}'
    return there + (f',"unwell":{json.dumps(list(map(dict, faults)))}' if faults else "")
