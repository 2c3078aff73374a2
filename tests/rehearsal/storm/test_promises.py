"""Every promise that a storm checks: kept when all is well, broken by name when it is not, and neither where nobody
could look.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarmd.alarm.incoming import Action
from alarmd.rehearsal.storm.books import Books
from alarmd.rehearsal.storm.plan import Press
from alarmd.rehearsal.storm.promises import SHOWN, Ending, Promise, judge
from alarmd.rehearsal.storm.sight import Sight
from alarmd.rehearsal.storm.told import Told
from tests.rehearsal.storm.told import beat, event, events, hello, raised, snapshot

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
LATE = "2027-03-01T08:00:00.000Z"
WHOLE = Ending(log=())


def shown(books: Books, *found: dict[str, Any], to: int | None = None) -> None:
    """Every console, or this one, gets these events in a frame."""
    for sight in books.sights if to is None else [books.sights[to]]:
        books.frame(sight, events(*found), 5, NOW)


def good_storm() -> Books:
    """Two consoles; a press that opens an alarm and is said again, one that joins and is late, one that cannot be read;
    somebody answers, a node is killed, the provider is told."""
    books = Books([Sight("one"), Sight("two")], Told())
    tally = books.tally
    for sight in books.sights:
        sight.opened(0)
        for frame in (hello(0), snapshot(0)):
            books.frame(sight, frame, 0, NOW)
    tally.press(Press(0, 0, "desk", "r0"), 1)
    tally.press(Press(1, 0, "desk", "r1", late=3600), 1, claims=LATE)
    tally.press(Press(2, 0, "desk", "r2", garbled=0), 1)
    shown(
        books,
        raised(1, "r0"),
        raised(2, "r1", kind="joined", pressed_at=LATE),
        raised(3, None, kind="joined", fault="no JSON"),
        event(4, "notified", purpose="step", attempts=[{"channel": "webhook"}]),
    )
    for ref in ("r0", "r1", "r0"):
        tally.accept(ref, 2, "a", f"signal of {ref}")
    tally.said_again = 1
    assert books.told is not None
    books.told.asked("a", 3, taken=True)
    books.answers.say("a", Action.ACKNOWLEDGE, 4)
    books.answers.take("a", Action.ACKNOWLEDGE, 4.5)
    shown(books, event(5, "acknowledged", person_by="ola", channel="api", next=None))
    books.samples.kills.append((3, "node-1"))
    return books


def judged(books: Books, ending: Ending = WHOLE) -> dict[str, Promise]:
    return {promise.name: promise for promise in judge(books, ending)}


def test_when_all_is_well_every_promise_is_held() -> None:
    books = good_storm()
    assert {name: promise.held for name, promise in judged(books).items() if promise.held is not True} == {}
    assert books.open_matters == {}


def not_accepted(books: Books) -> None:
    books.tally.press(Press(9, 0, "desk", "r9"), 1)


def lost(books: Books) -> None:
    not_accepted(books)
    books.tally.accept("r9", 2, "a")


def seen_by_one(books: Books) -> None:
    lost(books)
    shown(books, raised(6, "r9", kind="joined"), to=0)


def twice(books: Books) -> None:
    shown(books, raised(6, "r0", alarm="b"))


def another_signal(books: Books) -> None:
    books.tally.accept("r0", 9, "a", "another")


def another_alarm(books: Books) -> None:
    books.tally.accept("r0", 9, "b", "signal of r0")


def retimed(books: Books) -> None:
    books.tally.press(Press(9, 0, "desk", "r9", late=60), 1, claims=LATE)
    shown(books, raised(6, "r9", kind="joined", pressed_at=None))


def not_raised(books: Books) -> None:
    books.tally.press(Press(9, 0, "desk", "r9", garbled=1), 1)


def gap(books: Books) -> None:
    shown(books, event(7))


def silence(books: Books) -> None:
    books.frame(books.sights[0], beat(5), 11, NOW)


def untold(books: Books) -> None:
    books.tally.press(Press(9, 0, "lamp", "r9"), 1)
    telling = event(7, "notified", "b", purpose="step", attempts=[{"channel": "webhook"}])
    shown(books, raised(6, "r9", alarm="b"), telling)


def not_delivered(books: Books) -> None:
    untold(books)
    assert books.told is not None
    books.told.asked("b", 6, taken=False)


def answer_not_taken(books: Books) -> None:
    books.answers.say("a", Action.ARRIVED, 6)


def answer_not_shown(books: Books) -> None:
    answer_not_taken(books)
    books.answers.take("a", Action.ARRIVED, 7)


def step_twice(books: Books) -> None:
    books.steps.twice.append("a: step 2 of round 1")


def step_late(books: Books) -> None:
    books.steps._seen.append((NOW, NOW + timedelta(seconds=2.1)))


NAMES: dict[Callable[[Books], None], str] = {
    not_accepted: "every press is accepted",
    lost: "what was accepted is on every console",
    seen_by_one: "what was accepted is on every console",
    twice: "nothing comes twice",
    another_signal: "a ref that comes again is the same signal",
    another_alarm: "a ref that comes again is the same signal",
    retimed: "a late press raises, with its own time",
    not_raised: "what cannot be read raises all the same",
    gap: "consoles miss nothing and see nothing twice",
    silence: "no console waits five seconds for a frame",
    untold: "of every alarm somebody is told",
    not_delivered: "of every alarm somebody is told",
    answer_not_taken: "answers are taken",
    answer_not_shown: "answers are shown",
    step_twice: "no step is done twice",
    step_late: "steps are done in time",
}


@pytest.mark.parametrize("breaks", NAMES, ids=lambda breaks: breaks.__name__)
def test_each_promise_is_broken_by_its_name(breaks: Callable[[Books], None]) -> None:
    books = good_storm()
    breaks(books)
    broken = judged(books)[NAMES[breaks]]
    assert broken.held is False
    assert broken.times > 0
    assert broken.examples


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        (replace(WHOLE, overdue=("a: step 2 of round 1",)), "steps are done in time"),
        (replace(WHOLE, dead=("node-1",)), "nodes that were killed come back"),
        (replace(WHOLE, log=("event 7 is not as it was written",)), "the log is as it was written"),
    ],
)
def test_what_only_the_end_tells_is_judged_too(ending: Ending, name: str) -> None:
    assert judged(good_storm(), ending)[name].held is False


@pytest.mark.parametrize(
    "breaks", [not_accepted, lost, not_raised, untold, answer_not_taken, answer_not_shown], ids=lambda b: b.__name__
)
def test_the_storm_waits_for_what_may_still_come(breaks: Callable[[Books], None]) -> None:
    books = good_storm()
    breaks(books)
    assert books.open_matters


def test_an_answer_that_came_first_makes_the_telling_pointless() -> None:
    books = good_storm()
    untold(books)
    shown(books, event(8, "acknowledged", "b", person_by="per", channel="sms", next=None))
    assert judged(books)["of every alarm somebody is told"].held is True
    assert books.answers.by_phone["acknowledged"] == 1


def test_an_answer_that_came_too_late_owes_nothing() -> None:
    books = good_storm()
    books.answers.say("a", Action.RESOLVE, 6)
    books.answers.refuse("a", Action.RESOLVE)
    assert judged(books)["answers are taken"].held is True
    assert books.answers.too_late == 1


def test_where_nobody_looked_nothing_is_said() -> None:
    books = Books()
    books.tally.press(Press(0, 0, "desk", "r0"), 1)
    books.tally.accept("r0", 2, "a")
    found = judged(books, Ending())
    assert found["every press is accepted"].held is True
    assert {p.held for name, p in found.items() if name != "every press is accepted"} == {None}
    assert all(p.unseen for p in found.values() if p.held is None)


def test_what_others_press_is_none_of_ours() -> None:
    books = good_storm()
    shown(books, raised(6, "of-somebody-else"), raised(7, "of-somebody-else"))
    books.tally.accept("of-somebody-else", 7, "z")
    assert all(promise.held for promise in judged(books).values())


def test_a_light_may_name_another_alarm_of_its_button() -> None:
    books = good_storm()
    books.tally.accept("r0", 9, "b")
    assert all(promise.held for promise in judged(books).values())


def test_a_few_examples_are_told_and_all_are_counted() -> None:
    books = good_storm()
    for number in range(100, 150):
        books.tally.press(Press(number, 0, "desk", f"r{number}"), 1)
    broken = judged(books)["every press is accepted"]
    assert (broken.times, len(broken.examples)) == (50, SHOWN)


def test_the_storm_itself_being_late_is_no_silence_of_alarmd() -> None:
    books = good_storm()
    books.lag = 2
    silence(books)
    assert judged(books)["no console waits five seconds for a frame"].held is True
