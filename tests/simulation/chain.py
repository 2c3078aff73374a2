"""The chain, read from the organisation by a plain second implementation: which steps come, when, and whom each tells,
as long as nobody answers. What the engine has done must be that.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, Person
from alarmd.organisation.model import CONSOLE, Chain, Organisation, Step, Target, TargetKind
from tests.simulation.record import Record, Told

OTHER = {
    EventKind.ACKNOWLEDGED,
    EventKind.EN_ROUTE,
    EventKind.ARRIVED,
    EventKind.DECLINED,
    EventKind.RESOLVED,
    EventKind.CANCELLED,
    EventKind.UPGRADED,
}
"""From here on the alarm is not one that nobody has answered."""


def chain_was_followed(seen: Record) -> Iterator[str]:
    """Every alarm that nobody answered told everyone its chain names, in order, in time."""
    for id, tale in seen.tales.items():
        organisation = seen.scenario.organisation
        yield from (f"{id}: {finding}" for finding in _followed(seen, organisation, tale))


def _followed(seen: Record, organisation: Organisation, tale: list[Told]) -> Iterator[str]:
    opened = tale[0]
    chain = organisation.chain_for(opened.alarm.kind, opened.alarm.site)
    number, round = 1, 1
    planned = opened.event.at + chain.steps[0].after
    known = opened.at
    for told in tale:
        if told.event.kind in OTHER:
            return
        data = told.event.data
        passed = told.event.kind is EventKind.ESCALATED
        if not passed and told.event.kind is not EventKind.STEP_DUE:
            continue
        step = chain.steps[number - 1]
        people = expected(organisation, told.alarm, step)
        if data["step"] != number or passed == bool(people) or data.get("round", round) != round:
            did = "passed" if passed else "did"
            yield f"{did} step {data['step']}, expected step {number} of round {round} for {people}"
            return
        if not passed and data["tell"] != people:
            yield f"step {number} of round {round} tells {data['tell']}, and should tell {people}"
        if told.event.at < planned:
            yield f"step {number} of round {round} came at {told.event.at.time()}, before its time {planned.time()}"
        until = seen.in_time(seen.second_of(planned, known))
        if told.at > until:
            yield f"step {number} of round {round} was done at {told.at:.3f}, and should have been until {until:.3f}"
        number, round, planned = _next(chain, number, round, planned, told.event.at, passed=passed)
        known = told.at
    until = seen.in_time(seen.second_of(planned, known))
    if until < seen.scenario.ends_at:
        yield f"step {number} of round {round} was never done, and should have been until {until:.3f}"


def _next(
    chain: Chain, number: int, round: int, planned: datetime, done: datetime, *, passed: bool
) -> tuple[int, int, datetime]:
    if number < len(chain.steps):
        distance = chain.steps[number].after - chain.steps[number - 1].after
        return number + 1, round, planned if passed else planned + distance
    every = chain.repeat.every if chain.repeat else timedelta(seconds=60)
    return (chain.repeat.start if chain.repeat else number), round + 1, max(planned, done) + every


def expected(organisation: Organisation, alarm: Alarm, step: Step) -> list[str]:
    """Whom this step tells when nobody has answered: its targets, else those of its `else`."""
    pressers = {s.by.person for s in alarm.signals if isinstance(s.by, Person)}
    able = {p for p in organisation.people if p not in pressers and _reachable(organisation, p, step)}
    for targets in (step.notify, step.otherwise):
        meant = dict.fromkeys(p for target in targets for p in _people(organisation, alarm, target, able) if p in able)
        if meant:
            return [*meant]
    return []


def _reachable(organisation: Organisation, person: str, step: Step) -> bool:
    return bool(organisation.people[person].contact) or not step.by or CONSOLE in step.by


def _people(organisation: Organisation, alarm: Alarm, target: Target, able: set[str]) -> list[str]:
    zone = next((s.zone for s in reversed(alarm.signals) if s.zone), None)
    here = [
        p
        for p in organisation.people.values()
        if p.at is None or alarm.site is None or p.at.split("/")[0] == alarm.site
    ]
    match target.kind:
        case TargetKind.PERSON:
            return [target.name]
        case TargetKind.TEAM:
            return list(organisation.teams[target.name])
        case TargetKind.ROLE:
            return [p.id for p in here if target.name in p.roles]
        case TargetKind.COLLEAGUES:
            if alarm.site is None:
                return []
            near = [p.id for p in here if p.at is not None and p.at == zone]
            rest = [p.id for p in here if p.at is not None and p.at != zone]
            return near + rest if target.name == "site" or not able.intersection(near) else near
        case _:
            raise AssertionError(target)
