"""What is changed beside the nodes: every one notices, and what begins afterwards goes by it."""

from collections.abc import Iterator

from alarmd.alarm.events import EventKind
from tests.simulation.record import GRACE, Record

AT_ONCE = 0.01
"""Seconds between a commit and the next."""


def newest_version_holds(seen: Record) -> Iterator[str]:
    """An alarm begins with the version that holds when it is opened, and an opened one keeps it."""
    for id, tale in seen.tales.items():
        begun = next(told for told in tale if told.event.kind is EventKind.RAISED)
        version = begun.event.data["organisation"]
        known = [v for v in seen.shell.versions if v.at <= begun.at]
        settled = max((v.organisation for v in known if v.at < begun.at - AT_ONCE), default=1)
        if not settled <= version <= known[-1].organisation:
            yield f"{id}: began with version {version}, and {known[-1].organisation} held"


def versions_are_noticed(seen: Record) -> Iterator[str]:
    """Every node learns of another organisation and of other keys in time."""
    for life in seen.lives:
        if not life.versions:
            continue
        ends = life.ended_at if life.ended_at is not None else seen.scenario.ends_at
        for version in seen.shell.versions:
            until = seen.in_time(max(version.at, life.versions[0][0]))
            for stop in sorted((o for o in seen.around.outages if o.node == life.name), key=lambda o: o.start):
                if stop.start <= until < stop.end + GRACE:
                    until = seen.in_time(stop.end)
            heard = any(
                head.organisation >= version.organisation and head.access >= version.access and at <= until
                for at, head in life.versions
            )
            if until < ends and not heard:
                what = f"organisation {version.organisation} and access {version.access} of {version.at:.3f}"
                yield f"{life.name} (life {life.number}) did not know {what} at {until:.3f}: {life.versions}"


def refusals_were_right(seen: Record) -> Iterator[str]:
    """Only a device that no organisation of that time knows is refused."""
    for refused in seen.people.refused:
        before = [v for v in seen.shell.versions if v.at <= refused.asked][-1:]
        during = [v for v in seen.shell.versions if refused.asked < v.at <= refused.at]
        held = [seen.shell.organisations[v.organisation] for v in (*before, *during)]
        if all(refused.press.device is None or refused.press.device in known.devices for known in held):
            yield f"{refused.press.device or refused.press.person} was refused at {refused.at:.3f}, and is known"
