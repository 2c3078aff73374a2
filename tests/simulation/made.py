"""Worlds that are made, for what chance brings too seldom: each by a chance of its own, so that what else happens in a
seed is as it was before.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random

from alarmd.alarm.incoming import Pin
from alarmd.alarm.model import Kind
from alarmd.organisation.model import Acknowledge, Repeat, Step, Target, TargetKind, TellPresser
from tests.simulation.offices import ways_to
from tests.simulation.scenario import (
    DEVICES,
    LONGEST,
    NODES,
    PEOPLE,
    SLUGGISH,
    Habits,
    Press,
    Scenario,
    TakenBack,
    Trouble,
    Window,
    drawn,
)


def scenario(seed: int) -> Scenario:
    """The scenario of a seed; the same for ever, as long as this file and `scenario.py` do not change."""
    known = drawn(seed)
    _at_one_button(Random(f"{seed} at one button"), known)
    _answered_too_soon(Random(f"{seed} too soon"), known)
    _pressed_once_more(Random(f"{seed} once more"), known)
    _a_crowd_in_the_dark(Random(f"{seed} in the dark"), known)
    _one_after_the_other(Random(f"{seed} one after the other"), known)
    known.late_word = Trouble.PROVIDER in known.troubles and Random(f"{seed} says it later").random() < 0.2
    return known


def _at_one_button(chance: Random, known: Scenario) -> None:
    """By a chance of its own, too: several alarms at one button, loud and silent, each over sooner or later."""
    if chance.random() > 0.12:
        return
    organisation = known.organisation
    loud = {id: replace(chain, tell_presser=TellPresser.YES) for id, chain in organisation.chains.items()}
    apart = replace(organisation.joining, same_device=False, same_zone_within=None)
    known.organisation = replace(organisation, joining=apart, chains=loud)
    at = 2.0
    for number in range(chance.choice([2, 3])):
        kind = chance.choice([Kind.PANIC, Kind.ASSIST, Kind.DURESS])
        over = TakenBack(chance.choice([4.0, 12.0, 30.0]), chance.choice(PEOPLE), Pin.HONEST)
        taken_back = over if chance.random() < 0.7 else None
        known.presses.append(Press(at, DEVICES[0], None, "office/z0", kind, f"b{number}", taken_back=taken_back))
        at += chance.uniform(1.5, 8)


def _answered_too_soon(chance: Random, known: Scenario) -> None:
    """The same: while one is tried again and again, the other says that he comes, and does not."""
    if chance.random() > 0.05:
        return
    organisation = known.organisation
    of = {"p0": ("sms",), "p1": ("webhook",)}
    reached = {id: replace(organisation.people[id], contact=ways_to(kinds)) for id, kinds in of.items()}
    first = Step(timedelta(), tuple(Target(TargetKind.PERSON, id) for id in of), ("sms", "webhook"))
    rule = Acknowledge(frozenset(), 1, timedelta(seconds=3))
    chains = {
        id: replace(chain, steps=(first, *chain.steps), acknowledge=rule) for id, chain in organisation.chains.items()
    }
    known.organisation = replace(organisation, people={**organisation.people, **reached}, chains=chains)
    known.habits |= {"p0": Habits(0, 0, 0, 0, 0, 0), "p1": Habits(1.0, 0, 0, 0, 0.05, 0)}
    known.troubles |= {Trouble.PROVIDER}
    known.windows.append(Window(Trouble.PROVIDER, 0.5, 9.0, "sms"))


def _pressed_once_more(chance: Random, known: Scenario) -> None:
    """The same: one is there when the button is pressed again, and another says then that he comes, and does not."""
    organisation = known.organisation
    some = sorted(organisation.people)[:3]
    if chance.random() > 0.05 or len(some) < 2:
        return
    steps = tuple(Step(timedelta(seconds=12 * n), (Target(TargetKind.PERSON, id),), ()) for n, id in enumerate(some))
    rule = Acknowledge(frozenset(), 1, timedelta(seconds=chance.choice([3, 10])))
    again = Repeat(1, timedelta(minutes=1))
    chains = {
        id: replace(chain, steps=steps, acknowledge=rule, repeat=again) for id, chain in organisation.chains.items()
    }
    people = {id: replace(organisation.people[id], contact=ways_to(("sms",))) for id in some}
    known.organisation = replace(
        organisation,
        people={**organisation.people, **people},
        chains=chains,
        joining=replace(organisation.joining, same_device=True),
    )
    known.habits |= {some[0]: Habits(1.0, 0, 1.0, 0, 0.05, 0), some[1]: Habits(1.0, 0, 0, 0, 0.05, 0)}
    for number, at in enumerate((1.0, chance.uniform(14, 18))):
        known.presses.append(Press(at, DEVICES[0], None, "office/z0", Kind.PANIC, f"o{number}"))


def _a_crowd_in_the_dark(chance: Random, known: Scenario) -> None:
    """The same: many press while the broker is away, so that more lights wait for it than a crowded node holds, and
    people have to be told all the same. Not where providers hang or commits are refused: with so little room whoever
    waits for those would keep all others waiting.
    """
    if chance.random() > 0.05 or {Trouble.HANGS, Trouble.COMMITS} & known.troubles:
        return
    known.troubles |= {Trouble.CROWD, Trouble.BROKER}
    known.windows.append(Window(Trouble.BROKER, 0.5, min(known.calm_at, LONGEST[Trouble.BROKER])))
    for number in range(9):
        kind = chance.choice([Kind.PANIC, Kind.ASSIST])
        known.presses.append(Press(chance.uniform(1, 4), DEVICES[number % 3], None, "office/z0", kind, f"c{number}"))


def _one_after_the_other(chance: Random, known: Scenario) -> None:
    """The same: what the second and third have to tell finds a crowded node full of the first, just after it has looked
    into the store, and it has room again long before it looks the next time. Nobody else presses, and nothing keeps the
    node from telling: with so little room, what has gathered meanwhile would be late in any case.
    """
    if chance.random() > 0.5 or len(known.nodes) > 1 or known.troubles & {*NODES, *SLUGGISH}:
        return
    organisation, ways = known.organisation, ("sms", "webhook", "email")
    some = sorted(organisation.people)[:4]
    people = {id: replace(organisation.people[id], contact=ways_to(ways)) for id in some}
    step = Step(timedelta(), tuple(Target(TargetKind.PERSON, id) for id in some), ways)
    again = Repeat(1, timedelta(minutes=1))
    chains = {id: replace(chain, steps=(step,), repeat=again) for id, chain in organisation.chains.items()}
    apart = replace(organisation.joining, same_device=False, same_zone_within=None)
    everybody = {**organisation.people, **people}
    known.organisation = replace(organisation, people=everybody, chains=chains, joining=apart)
    known.changes[:] = [change for change in known.changes if change.organisation is None]
    known.troubles |= {Trouble.CROWD}
    at = chance.randint(2, 20) + chance.uniform(0.02, 0.08)
    known.presses[:] = [
        Press(at + number * 0.01, DEVICES[number], None, "office/z0", Kind.PANIC, f"t{number}") for number in range(3)
    ]
