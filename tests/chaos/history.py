"""What was seen from outside while everything was broken, and the verdict on it. Each check is a generator of findings,
a line each; it knows what alarmd promises, and nothing of how it keeps that.

All times are seconds since 1970 by the one clock of this machine.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from alarmd.alarm.times import moment

SIGNALS = frozenset({"raised", "joined", "upgraded"})
ENDS = frozenset({"resolved", "cancelled"})
STORED_WITHIN = 1.0
"""Seconds after a telling within which what became of it is in the store."""
PROMPT = 1.0
"""Seconds within which what is due is done while all is well, and the machine is ours alone."""

Event = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something was broken from `start` on. Until `over` it excuses what is late; None: it must not be felt, for
    others were there or it carries nothing that anybody waits for.
    """

    what: str
    start: float
    over: float | None
    forgotten: tuple[float, float] | None = None
    """What the broker took between these may be lost, or taken twice: it was killed, and had not written it."""


@dataclass(frozen=True)
class Yes:
    """A press was accepted: by a 202, which names its alarm, or by a feedback message with its ref, which names the one
    that has the button's light."""

    device: str
    ref: str
    alarm: str
    at: float
    by_light: bool = False


@dataclass(frozen=True)
class Bare:
    """A press without a ref: when it was sent to the broker, and when the broker had taken it."""

    device: str
    sent: float
    taken: float


@dataclass(frozen=True)
class Told:
    """The provider was asked to tell somebody."""

    attempt: str
    at: float


@dataclass
class History:
    """Everything that the judge is given. `prompt`: seconds within which what is due is done."""

    prompt: float = PROMPT
    faults: list[Fault] = field(default_factory=list)
    accepted: list[Yes] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    """Presses and answers that nobody took within their patience."""
    bare: list[Bare] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    consoles: dict[str, list[int]] = field(default_factory=dict)
    """What each console saw: the positions in the order of their coming."""
    watched: int = 0
    """How long the log was when the consoles were told to leave."""
    log: list[Event] = field(default_factory=list)
    """The log as the store has it at the end, with `position`."""

    def stories(self) -> dict[str, list[Event]]:
        """The events of each alarm, in order."""
        stories: dict[str, list[Event]] = defaultdict(list)
        for event in self.log:
            stories[event["alarm"]].append(event)
        return stories

    def until(self, due: float) -> float:
        """By when something that is due then must be done: promptly, but not before what was broken is well again."""
        until = due + self.prompt
        for fault in sorted(self.faults, key=lambda fault: fault.start):
            if fault.over is not None and fault.start <= until and fault.over >= due:
                until = max(until, fault.over + self.prompt)
        return until

    def broken(self, start: float, end: float) -> bool:
        """Was anything broken, so that it may be felt, at any time within this span?"""
        return any(fault.over is not None and fault.start <= end and fault.over >= start for fault in self.faults)

    def forgotten(self, bare: Bare) -> bool:
        """May the broker have lost this, or had it twice?"""
        spans = (fault.forgotten for fault in self.faults if fault.forgotten is not None)
        return any(start <= bare.taken and bare.sent <= end for start, end in spans)


def judge(history: History) -> list[str]:
    """All findings."""
    checks: tuple[Callable[[History], Iterator[str]], ...] = (
        everything_was_taken,
        each_press_is_one_signal_in_one_alarm,
        each_press_without_a_ref_is_one_signal,
        each_step_is_done_once_and_in_time,
        everybody_was_told,
        each_telling_came_in_time,
        nobody_was_told_twice,
        each_console_saw_all_in_order,
    )
    return [f"{check.__name__}: {finding}" for check in checks for finding in check(history)]


def everything_was_taken(history: History) -> Iterator[str]:
    """Whoever tries for a minute is heard."""
    yield from history.given_up


def each_press_is_one_signal_in_one_alarm(history: History) -> Iterator[str]:
    """What was accepted is in the log once, in the alarm that was named; a light names one of its button's."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    pressed: dict[str, set[str]] = defaultdict(set)
    for event in history.log:
        if event["kind"] in SIGNALS:
            pressed[event["data"]["device"]].add(event["alarm"])
            if event["data"]["ref"] is not None:
                found[event["data"]["device"], event["data"]["ref"]].append(event["alarm"])
    for (device, ref), alarms in found.items():
        if len(alarms) > 1:
            yield f"{ref} of {device} is {len(alarms)} signals, in {alarms}"
    for yes in history.accepted:
        there = found.get((yes.device, yes.ref), [])
        if len(there) != 1 or yes.alarm not in (pressed[yes.device] if yes.by_light else there):
            yield f"{yes.ref} of {yes.device} was accepted into {yes.alarm}, and is in {there}"


def each_press_without_a_ref_is_one_signal(history: History) -> Iterator[str]:
    """As many signals as presses that the broker took, but for those that it forgot when it was killed."""
    signals = Counter(
        event["data"]["device"]
        for event in history.log
        if event["kind"] in SIGNALS and event["data"]["ref"] is None and event["data"]["device"] is not None
    )
    pressed = Counter(bare.device for bare in history.bare)
    unsure = Counter(bare.device for bare in history.bare if history.forgotten(bare))
    for device in pressed.keys() | signals.keys():
        if abs(signals[device] - pressed[device]) > unsure[device]:
            beside = f", {unsure[device]} of which may be lost or doubled" if unsure[device] else ""
            yield f"{device} was pressed {pressed[device]} times without a ref{beside}: {signals[device]} signals"


def each_step_is_done_once_and_in_time(history: History) -> Iterator[str]:
    """No step of a round twice, and each when the event before it had said, or as soon as that could be."""
    for alarm, story in history.stories().items():
        done = Counter((e["data"]["step"], e["data"]["round"]) for e in story if e["kind"] == "step_due")
        yield from (f"{alarm}: step {s} of round {r} was done {n} times" for (s, r), n in done.items() if n > 1)
        due: float | None = None
        for event in story:
            at = _seconds(event["at"])
            if due is not None and at > history.until(due):
                late = f"{at - due:.1f} s after it was due, {at - history.until(due):.1f} s too late"
                yield f"{alarm}: {event['kind']} at position {event['position']} came {late}"
            due = _next(event, due)
        if due is not None and history.until(due) < _seconds(history.log[-1]["at"]):
            yield f"{alarm}: silent; something was due {_seconds(history.log[-1]['at']) - due:.1f} s before the end"


def everybody_was_told(history: History) -> Iterator[str]:
    """Each attempt that the log tells of has come to the provider, but those that an answer made pointless."""
    told = {each.attempt for each in history.told}
    for alarm, story in history.stories().items():
        pointless = {
            e["data"]["attempt"] for e in story if e["kind"] == "receipt" and e["data"]["state"] == "withdrawn"
        }
        for event in story:
            if event["kind"] != "notified" or history.until(_seconds(event["at"])) > _seconds(history.log[-1]["at"]):
                continue
            for attempt in event["data"]["attempts"]:
                if attempt["contact"] is not None and attempt["id"] not in told | pointless:
                    yield f"{alarm}: {event['data']['person']} was never told by {attempt['channel']} ({attempt['id']})"


def each_telling_came_in_time(history: History) -> Iterator[str]:
    """At the provider as soon as it was decided, or as soon as that could be."""
    first = {told.attempt: told.at for told in sorted(history.told, key=lambda told: -told.at)}
    for event in history.log:
        at = _seconds(event["at"])
        for attempt in event["data"]["attempts"] if event["kind"] == "notified" else ():
            told = first.get(attempt["id"])
            if told is not None and told > history.until(at):
                late = f"{told - at:.1f} s after it was decided, {told - history.until(at):.1f} s too late"
                yield f"{event['alarm']}: {event['data']['person']} was told {late} ({attempt['id']})"


def nobody_was_told_twice(history: History) -> Iterator[str]:
    """The same attempt comes twice only where what became of the first could not be stored."""
    first: dict[str, float] = {}
    for told in sorted(history.told, key=lambda told: told.at):
        before = first.setdefault(told.attempt, told.at)
        if before != told.at and not history.broken(before, before + STORED_WITHIN):
            yield f"{told.attempt} was made at {before:.2f} and {told.at - before:.2f} s later, while all was well"


def each_console_saw_all_in_order(history: History) -> Iterator[str]:
    """Every position of the log once, from the first that it saw to the last there was."""
    for console, seen in history.consoles.items():
        if not seen or seen[-1] < history.watched:
            yield f"{console} saw {seen[-1:] or 'nothing'} last, and the log went on to {history.watched}"
        for before, after in pairwise(seen):
            if after != before + 1:
                yield f"{console} saw {after} after {before}"


def read(line: str) -> Event:
    """An event of the log from its stored body."""
    event: Event = json.loads(line)
    return event


def _next(event: Event, due: float | None) -> float | None:
    """When the chain's clock rings next, after this event."""
    if event["kind"] in ENDS:
        return None
    if "next" not in event["data"]:
        return due
    following = event["data"]["next"]
    return _seconds(following["at"]) if following and following["at"] else None


def _seconds(at: str) -> float:
    return moment(at).timestamp()
