"""A world as a story that one can read: what is wrong, what the organisation wants, and what happened and was seen, in
order.
"""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from alarmd.organisation.model import Chain, Organisation, Person, Schedule, Target
from tests.simulation import judge
from tests.simulation.world import Verdict

IDS = re.compile(r"\bi\d{6}\b")


def told(verdict: Verdict) -> str:
    """Everything, with the command that tells it again."""
    known = verdict.scenario
    local = known.began.astimezone(ZoneInfo(known.organisation.time_zone))
    lines = [
        f"The world of seed {verdict.seed} begins at {known.began:%Y-%m-%d %H:%M:%S} UTC, {local:%H:%M:%S} local time.",
        f"Nodes: {', '.join(known.nodes)}; troubles: {', '.join(sorted(known.troubles)) or 'none'}.",
        f"`make simulate SEED={verdict.seed}` tells it again, the same to the letter.",
        "`A1` is an alarm, `A1/p0/sms` an attempt to tell p0 of it by text, `#12` a position of the log.",
        "",
        *_office(known.organisation),
        "",
        "Second by second",
        *(f"{at:9.3f}  {what}" for at, what in sorted(verdict.story, key=lambda line: line[0])),
        "",
        *findings(verdict),
    ]
    return IDS.sub(lambda id: verdict.names.get(id[0], id[0]), "\n".join(lines))


def findings(verdict: Verdict) -> Iterator[str]:
    """Each truth that was broken, and how."""
    before = ""
    for finding in verdict.findings:
        check, _, what = finding.partition(": ")
        promise = judge.PROMISES.get(check)
        if check != before and promise:
            yield f"BROKEN by {check}: {promise}"
        yield f"  {what if promise else finding}"
        before = check
    if not verdict.findings:
        yield "No truth was broken."


def _office(organisation: Organisation) -> Iterator[str]:
    """Version 1, as an administrator would read it."""
    yield "The organisation"
    for site in organisation.sites.values():
        for zone in site.zones.values():
            yield f"  {zone.id}: floor {zone.floor or '?'}, heard in {', '.join(zone.audible_to) or 'no other'}"
    for device in organisation.devices.values():
        yield f"  {device.id}: {device.kind} in {device.zone}"
    yield from (f"  {_person(person)}" for person in organisation.people.values())
    for external in organisation.externals.values():
        yield f"  {external.id}: outside, by {external.contact[0].kind}"
    for name, people in organisation.teams.items():
        yield f"  team {name}: {', '.join(people) or 'nobody'}"
    yield from (f"  {_schedule(schedule)}" for schedule in organisation.schedules.values())
    for chain in organisation.chains.values():
        yield from (f"  {line}" for line in _chain(chain))


def _person(person: Person) -> str:
    ways = ", ".join(contact.kind for contact in person.contact) or "the console alone"
    away = "".join(f"; away {each.start:%d. %H:%M} to {each.end:%d. %H:%M}" for each in person.absent)
    return f"{person.id}: {', '.join(person.roles)} at {person.at or 'every site'}, by {ways}{away}"


def _schedule(schedule: Schedule) -> str:
    turns = [
        f"{' '.join(r.people)} in turn from {r.start:%d. %H:%M}, each {str(r.every).removesuffix(', 0:00:00')}"
        f"{' within hours' * bool(r.only)}{' instead of the others' * r.instead}"
        for r in schedule.rotations
    ]
    changes = [f"{o.change} {o.person} {o.start:%d. %H:%M} to {o.end:%d. %H:%M}" for o in schedule.overrides]
    return f"duty {schedule.id}: {'; '.join([*turns, *changes]) or 'nobody'}{'; within hours' * bool(schedule.only)}"


def _chain(chain: Chain) -> Iterator[str]:
    what = [*sorted(chain.kinds), *(f"at {site}" for site in chain.sites)]
    rule = chain.acknowledge
    who = f" of {', '.join(sorted(rule.by_roles))}" if rule.by_roles else ""
    needed = f"{rule.needed}{who} needed, to be there within {rule.arrive_within.total_seconds():g} s"
    yield f"chain {chain.id} for {', '.join(what) or 'the rest'}: {needed}"
    for number, step in enumerate(chain.steps, 1):
        otherwise = f", else {_targets(step.otherwise)}" if step.otherwise else ""
        by = ", ".join(step.by) or "all their ways"
        yield f"  {number}. after {step.after.total_seconds():g} s: {_targets(step.notify)} by {by}{otherwise}"
    if chain.repeat:
        yield f"  and again from step {chain.repeat.start}, every {chain.repeat.every.total_seconds():g} s"


def _targets(targets: tuple[Target, ...]) -> str:
    return " and ".join(" ".join([t.kind, *([str(t.count)] if t.count else []), t.name]).rstrip() for t in targets)
