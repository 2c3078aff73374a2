"""Draws docs/pictures/escalation-*.svg: what the engine does with an alarm of the example office, second by second. A
test fails when a picture and the engine differ.

`python scripts/timelines.py` draws them. Nothing in them is made up but who answers what: the steps, their times and
the people are those that `decide` chose.
"""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from alarmd.alarm.effects import EndCall, Tell
from alarmd.alarm.events import Event, EventKind, Reason
from alarmd.alarm.incoming import Action, Answered, DeadlinePassed, Pressed, Reported
from alarmd.alarm.model import Alarm, AttemptState, Device, Person, State
from alarmd.escalation.decide import Decidable, Situation, decide
from alarmd.escalation.draft import Decision
from alarmd.escalation.pressing import Opening
from alarmd.organisation.file import parse
from alarmd.organisation.model import Organisation

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "pictures"
BEGAN = datetime(2027, 3, 2, 9, tzinfo=UTC)
"""Ten o'clock on a Tuesday in Oslo."""
BUTTON = "skranke-1"
RINGS = 25.0
"""Seconds until the provider gives up a call that nobody answers."""
ARRIVES = 2.0
"""Seconds until a message is delivered."""

Said = tuple[float, str, Action]
"""After so many seconds this person says this."""


@dataclass(frozen=True)
class Picture:
    """What it is called, what one sees, how long it goes on, and who says what."""

    name: str
    title: str
    seconds: float
    said: tuple[Said, ...] = ()


PICTURES = (
    Picture("escalation-nobody", "Nobody answers", 170),
    Picture(
        "escalation-lapse",
        "One says that she is coming, and does not arrive",
        450,
        (
            (25, "berit", Action.ACKNOWLEDGE),
            (25, "berit", Action.EN_ROUTE),
            (352, "line", Action.EN_ROUTE),
            (400, "line", Action.ARRIVED),
        ),
    ),
)


# --- what happens ---


@dataclass
class Play:
    """One alarm, lived through: messages arrive, calls ring out, people say what they are to say."""

    organisation: Organisation
    alarm: Alarm | None = None
    events: list[Event] = field(default_factory=list)
    _ids: Iterator[str] = field(default_factory=lambda: map(str, itertools.count(1)))
    _coming: list[tuple[float, int, Decidable]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)

    def live(self, picture: Picture) -> Sequence[Event]:
        """The events until the end of the picture."""
        opening = Opening(self.organisation, 1, "10")
        first = decide(Pressed(Device(BUTTON), device=BUTTON), opening, BEGAN, self._ids.__next__)
        self._follow(first, 0)
        for after, person, action in picture.said:
            by = Person(person, self.organisation.people[person].name, "sms")
            self._expect(after, Answered(self._id, action, by))
        while self._coming and self._coming[0][0] <= picture.seconds:
            after, _, incoming = heapq.heappop(self._coming)
            self._happens(incoming, after)
        return self.events

    @property
    def _id(self) -> str:
        assert self.alarm is not None
        return self.alarm.id

    def _expect(self, after: float, incoming: Decidable) -> None:
        heapq.heappush(self._coming, (after, next(self._order), incoming))

    def _happens(self, incoming: Decidable, after: float) -> None:
        assert self.alarm is not None
        now = BEGAN + timedelta(seconds=after)
        self._follow(decide(incoming, Situation(self.alarm, self.organisation), now, self._ids.__next__), after)

    def _follow(self, decision: Decision, after: float) -> None:
        assert decision.alarm is not None
        self.alarm = decision.alarm
        self.events += decision.events
        for effect in decision.effects:
            if isinstance(effect, Tell):
                self._told(effect, after)
            elif isinstance(effect, EndCall):
                self._expect(after, Reported(self._id, effect.attempt, AttemptState.FAILED, "ended"))
        if decision.due is not None:
            self._expect((decision.due - BEGAN).total_seconds(), DeadlinePassed(self._id))

    def _told(self, tell: Tell, after: float) -> None:
        if tell.channel != "voice":
            self._expect(after + ARRIVES, Reported(self._id, tell.attempt, AttemptState.DELIVERED))
            return
        ringing = Reported(self._id, tell.attempt, AttemptState.ACCEPTED, provider=f"call {tell.attempt}")
        self._expect(after, ringing)
        self._expect(after + RINGS, Reported(self._id, tell.attempt, AttemptState.FAILED, "no_answer"))


def example() -> Organisation:
    """The office of the example file."""
    text = (ROOT / "config" / "organisation.example.yaml").read_text(encoding="utf-8")
    return parse(text, "organisation.example.yaml", lambda _: frozenset({date(2027, 12, 25)})).organisation


# --- how it is drawn ---

WIDTH, LEFT, RIGHT = 960, 150, 24
TOP, ROW, BOTTOM = 112, 40, 74
COLOURS = {"console": "#6f7785", "sms": "#0063c1", "voice": "#7d4bb5", "webhook": "#00717a"}
CHANNELS = {"console": "console", "sms": "text", "voice": "call, as long as it rings", "webhook": "webhook"}
STATES = {State.RAISED: "#c30000", State.ACKNOWLEDGED: "#b25f00", State.ATTENDED: "#06893a"}
WORDS = {
    State.RAISED: "raised",
    State.ACKNOWLEDGED: "acknowledged: the clock of the chain stands",
    State.ATTENDED: "attended",
}
SAYS = {
    EventKind.EN_ROUTE: "on my way",
    EventKind.ARRIVED: "arrived",
    EventKind.DECLINED: "cannot",
    EventKind.LAPSED: "not there in time",
}
OTHER_WAYS = {Reason.NOT_ACCEPTED, Reason.NOT_DELIVERED, Reason.ATTEMPT_FAILED, Reason.TRY_AGAIN}
INK, QUIET, LINE = "#202733", "#5d6676", "#d3d8e0"


@dataclass(frozen=True)
class Sheet:
    """Where things stand."""

    seconds: float
    people: tuple[str, ...]

    @property
    def height(self) -> int:
        return TOP + ROW * len(self.people) + BOTTOM

    def x(self, event: Event) -> float:
        return self.at((event.at - BEGAN).total_seconds())

    def at(self, seconds: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * min(seconds, self.seconds) / self.seconds, 1)

    def y(self, person: str) -> int:
        return TOP + ROW * self.people.index(person) + ROW // 2


def drawing(picture: Picture, organisation: Organisation) -> str:
    """The whole picture as SVG."""
    events = Play(organisation).live(picture)
    told = dict.fromkeys(e.data["person"] for e in events if e.kind is EventKind.NOTIFIED)
    sheet = Sheet(picture.seconds, tuple(told))
    parts = [
        f'<rect width="{WIDTH}" height="{sheet.height}" rx="8" fill="#ffffff" stroke="{LINE}"/>',
        _text(LEFT, 30, picture.title, size=17, weight=600),
        *_rows(sheet, organisation),
        *_states(sheet, events),
        *_steps(sheet, events),
        *_marks(sheet, events),
        *_words(sheet, events),
        *_axis(sheet),
        *_legend(sheet, events),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {sheet.height}" role="img"'
    name = f' aria-label="{escape(picture.title)}" font-family="system-ui, sans-serif">'
    return "\n".join([head + name, *(f"  {part}" for part in parts), "</svg>", ""])


def _text(x: float, y: float, words: str, **more: Any) -> str:
    style = {"size": 13, "weight": 400, "fill": INK, "anchor": "start"} | more
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{style["size"]}" font-weight="{style["weight"]}" fill="{style["fill"]}"'
        f' text-anchor="{style["anchor"]}">{escape(words)}</text>'
    )


def _rows(sheet: Sheet, organisation: Organisation) -> Iterator[str]:
    for person in sheet.people:
        y = sheet.y(person)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{LINE}"/>'
        recipient = organisation.recipient(person)
        yield _text(LEFT - 14, y + 4, recipient.name if recipient else person, anchor="end")


def _states(sheet: Sheet, events: Sequence[Event]) -> Iterator[str]:
    """The bar above: what the alarm was, from when to when."""
    moves = [e for before, e in itertools.pairwise(events) if e.state is not before.state]
    edges = [(sheet.at(0), State.RAISED), *((sheet.x(e), e.state) for e in moves), (sheet.at(sheet.seconds), None)]
    for (x, state), (over, _) in itertools.pairwise(edges):
        if state is not None and over > x:
            yield f'<rect x="{x:g}" y="46" width="{over - x:g}" height="20" fill="{STATES[state]}"/>'
            if over - x > 12 + 8 * len(WORDS[state]):
                yield _text(x + 8, 60, WORDS[state], size=12, fill="#ffffff", weight=600)


def _steps(sheet: Sheet, events: Sequence[Event]) -> Iterator[str]:
    """A line for each step, with its number; a new round is said once."""
    rounds = {1}
    for event in events:
        if event.kind is not EventKind.STEP_DUE:
            continue
        x, step, round = sheet.x(event), event.data["step"], event.data["round"]
        foot = sheet.height - BOTTOM
        yield f'<line x1="{x:g}" x2="{x:g}" y1="94" y2="{foot}" stroke="{QUIET}" stroke-dasharray="2 4"/>'
        yield f'<circle cx="{x:g}" cy="84" r="10" fill="{INK}"/>'
        yield _text(x, 88, str(step), size=12, fill="#ffffff", anchor="middle", weight=600)
        if round not in rounds:
            rounds.add(round)
            yield _text(x + 14, 88, f"round {round}", size=12, fill=QUIET)
    yield _text(LEFT - 14, 88, "step", anchor="end", fill=QUIET)


def _marks(sheet: Sheet, events: Sequence[Event]) -> Iterator[str]:
    """Each attempt: a mark where it leaves, a call as long as it rings; hollow when it is another way."""
    over = {
        e.data["attempt"]: sheet.x(e)
        for e in events
        if e.kind is EventKind.RECEIPT and e.data["state"] not in ("accepted", "queued")
    }
    for event in events:
        if event.kind is EventKind.NOTIFIED and event.data["purpose"] == "step":
            x, y = sheet.x(event), sheet.y(event.data["person"])
            hollow = event.data["reason"] in OTHER_WAYS
            for place, attempt in enumerate(event.data["attempts"]):
                end = over.get(attempt["id"], sheet.at(sheet.seconds))
                yield _mark(attempt["channel"], x + 14 * place, y, end, hollow=hollow)


def _mark(channel: str, x: float, y: float, end: float, *, hollow: bool) -> str:
    colour = COLOURS[channel]
    paint = f'fill="{"#ffffff" if hollow else colour}" stroke="{colour}" stroke-width="2"'
    match channel:
        case "console":
            return f'<rect x="{x - 5:g}" y="{y - 5:g}" width="10" height="10" {paint}/>'
        case "voice":
            return f'<rect x="{x - 5:g}" y="{y - 6:g}" width="{max(end - x, 12):g}" height="12" rx="6" {paint}/>'
        case "webhook":
            return f'<path d="M{x:g} {y - 7:g} l7 7 l-7 7 l-7 -7 z" {paint}/>'
        case _:
            return f'<circle cx="{x:g}" cy="{y:g}" r="6" {paint}/>'


def _words(sheet: Sheet, events: Sequence[Event]) -> Iterator[str]:
    """What people said, above their line; a lapse as well."""
    for event in events:
        if event.kind in SAYS:
            lapsed = event.kind is EventKind.LAPSED
            for person in event.data["people"] if lapsed else [event.data["person"]]:
                x, y = sheet.x(event), sheet.y(person)
                colour = STATES[State.RAISED] if lapsed else STATES[State.ATTENDED]
                yield f'<line x1="{x:g}" x2="{x:g}" y1="{y - 14}" y2="{y + 6}" stroke="{colour}" stroke-width="2"/>'
                yield _text(x + 5, y - 8, SAYS[event.kind], size=12, fill=colour, weight=600)


def _axis(sheet: Sheet) -> Iterator[str]:
    y = sheet.height - BOTTOM
    every = 20 if sheet.seconds <= 200 else 60
    for seconds in range(0, int(sheet.seconds) + 1, every):
        words = f"{seconds} s" if every < 60 else f"{seconds // 60} min"
        yield _text(sheet.at(seconds), y + 16, words, size=12, fill=QUIET, anchor="middle")


def _legend(sheet: Sheet, events: Sequence[Event]) -> Iterator[str]:
    """Of the marks that are there."""
    used = {attempt["channel"] for e in events if e.kind is EventKind.NOTIFIED for attempt in e.data["attempts"]}
    x, y = float(LEFT), sheet.height - 26
    for channel in (each for each in COLOURS if each in used):
        yield _mark(channel, x, y, x + 26, hollow=False)
        x += 38 if channel == "voice" else 14
        yield _text(x, y + 4, CHANNELS[channel], size=12, fill=QUIET)
        x += 26 + 6.4 * len(CHANNELS[channel])
    yield _mark("sms", x, y, x, hollow=True)
    yield _text(x + 14, y + 4, "hollow: another way, since the one before has not reached", size=12, fill=QUIET)


def main() -> None:
    """Draw all of them."""
    organisation = example()
    for picture in PICTURES:
        (FOLDER / f"{picture.name}.svg").write_text(drawing(picture, organisation), encoding="utf-8")


if __name__ == "__main__":
    main()
