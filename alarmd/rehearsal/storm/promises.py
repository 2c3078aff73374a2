"""The promises that a storm checks, each by name, with what broke it. PURE. What could not be looked at is neither kept
nor broken, and says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from alarmd.rehearsal.storm.books import Books

SILENCE = 5.0
"""Seconds (docs/contract.md, WebSocket)."""
SHOWN = 5
"""Examples of a breach that are told; all are counted."""


@dataclass(frozen=True, slots=True)
class Promise:
    """`held` is None where nobody could look. `times`: how often it was broken; `examples`: some of what broke it."""

    name: str
    held: bool | None
    times: int = 0
    examples: tuple[str, ...] = ()
    unseen: str = ""
    """Why nobody could look."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What only the end tells. `overdue`: steps that were due and not done; `log`: what `alarmd verify` found, None
    where it was not asked; `dead`: nodes that did not come back; `steps_within`: seconds that a step may be late."""

    overdue: tuple[str, ...] = ()
    log: tuple[str, ...] | None = None
    dead: tuple[str, ...] = ()
    steps_within: float = 2.0


def judge(books: Books, ending: Ending) -> tuple[Promise, ...]:
    """All promises, in the order in which a press meets them."""
    tally, told, answers = books.tally, books.told, books.answers
    seen = "" if books.sights else "no console looked on"
    unanswered = (ref for ref in tally.pressed if ref not in tally.accepted)
    late = [f"{round(much, 3)} s" for much in books.steps.late if much > ending.steps_within]
    silent = [f"{s.name}: {s.silence:.1f} s" for s in books.sights if s.silence > SILENCE + books.lag]
    asked = "" if answers.said or answers.too_late else "nobody answered"
    return (
        _promise("every press is accepted", tally.unanswered, unanswered),
        _promise("what was accepted is on every console", tally.missing, tally.lost, seen),
        _promise("nothing comes twice", len(tally.twice), sorted(tally.twice), seen),
        _promise(
            "a ref that comes again is the same signal",
            len(tally.otherwise),
            tally.otherwise,
            "" if tally.said_again else "nothing was repeated",
        ),
        _promise("a late press raises, with its own time", len(tally.retimed), tally.retimed, seen),
        _promise(
            "what cannot be read raises all the same",
            sum(tally.silent.values()),
            (f"{device}: {missing}" for device, missing in tally.silent.items()),
            seen if tally.garbled else "everything could be read",
        ),
        _promise(
            "consoles miss nothing and see nothing twice",
            sum(sight.broken for sight in books.sights),
            (breach for sight in books.sights for breach in sight.breaches),
            seen,
        ),
        _promise("no console waits five seconds for a frame", len(silent), silent, seen),
        _promise(
            "of every alarm somebody is told",
            len(told.untold) if told else 0,
            told.untold if told else (),
            seen if told else "no provider of the storm's",
        ),
        _promise("answers are taken", len(answers.untaken), answers.untaken, asked),
        _promise("answers are shown", len(answers.unshown), answers.unshown, seen or asked),
        _promise("steps are done in time", len(late) + len(ending.overdue), (*late, *ending.overdue), seen),
        _promise("no step is done twice", len(books.steps.twice), books.steps.twice, seen),
        _promise(
            "nodes that were killed come back",
            len(ending.dead),
            ending.dead,
            "" if books.samples.kills else "none was killed",
        ),
        _promise("the log is as it was written", len(ending.log or ()), ending.log or (), _unasked(ending)),
    )


def _promise(name: str, times: int, examples: Iterable[str], unseen: str = "") -> Promise:
    if unseen:
        return Promise(name, None, unseen=unseen)
    return Promise(name, not times, times, tuple(found for found, _ in zip(examples, range(SHOWN), strict=False)))


def _unasked(ending: Ending) -> str:
    return "" if ending.log is not None else "the database is not the storm's"
