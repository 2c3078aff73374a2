"""The verdict on a world: every truth of the house that can be read from its log and from outside. Each check is a
generator of findings, a line each; it knows what was promised, and nothing of how the nodes keep it.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from alarmd.alarm.events import EventKind
from alarmd.alarm.incoming import Action
from alarmd.alarm.model import Alarm, AttemptState, Kind, Notification, Person, Purpose, State
from alarmd.escalation.plan import due
from tests.simulation.chain import chain_was_followed
from tests.simulation.record import Record, Told
from tests.simulation.scenario import Trouble
from tests.simulation.surroundings import Sent
from tests.simulation.telling import every_way_was_tried, nobody_gave_up, ways_follow_each_other

RACE = 0.05
"""Seconds between the look at an alarm and the provider's hearing of it: nobody can make that nothing."""
SIGNALS = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)


def judge(seen: Record) -> list[str]:
    """All findings."""
    checks = (
        log_is_whole,
        feeds_heard_everything,
        what_was_accepted_is_there,
        no_helper_is_swallowed,
        answers_are_there,
        no_alarm_is_silent,
        the_clock_stands_rightly,
        chain_was_followed,
        attempts_were_made,
        nobody_was_told_in_vain,
        calls_are_ended,
        lights_answer,
        not_twice,
        nobody_gave_up,
        ways_follow_each_other,
        every_way_was_tried,
    )
    return [f"{check.__name__}: {finding}" for check in checks for finding in check(seen)]


def log_is_whole(seen: Record) -> Iterator[str]:
    """Gap-free, hash-chained, and every table follows from it."""
    yield from seen.verified
    positions = sorted(told.position for tale in seen.tales.values() for told in tale)
    if positions != list(range(1, seen.head + 1)):
        yield "the positions of the log have gaps"


def feeds_heard_everything(seen: Record) -> Iterator[str]:
    """Each node's feed: every position once, in order, and to the end while it lives."""
    old = max((commit.position for commit in seen.commits if commit.at < seen.scenario.ends_at - 1), default=0)
    for life in seen.lives:
        if not life.ready:
            continue
        first = life.began_at + 1
        if life.heard != list(range(first, first + len(life.heard))):
            yield f"{life.name} (life {life.number}) heard {life.heard}, beginning after {life.began_at}"
        if life.lasted and first + len(life.heard) <= old:
            yield f"{life.name} (life {life.number}) heard to {first + len(life.heard) - 1} of {old}"


def what_was_accepted_is_there(seen: Record) -> Iterator[str]:
    """Every accepted signal is in exactly one alarm, and every ref is one signal."""
    found: Counter[tuple[str, str | None, str]] = Counter()
    where: dict[str, list[str]] = {}
    for id, tale in seen.tales.items():
        for told in tale:
            if told.event.kind in SIGNALS:
                where.setdefault(told.event.data["signal"], []).append(id)
                if told.event.data["ref"] is not None:
                    found[told.event.data["ref"], told.event.data["device"], "signal"] += 1
    for (ref, device, _), times in found.items():
        if times > 1:
            yield f"{ref} of {device} is {times} signals"
    said: dict[str, str] = {}
    for accepted in seen.people.accepted:
        signal = accepted.signal
        if where.get(signal.signal) != [signal.alarm]:
            found_in = where.get(signal.signal)
            yield f"{accepted.press.ref}: accepted as {signal.signal} of {signal.alarm}, is in {found_in}"
        if said.setdefault(accepted.press.ref, signal.signal) != signal.signal:
            yield f"{accepted.press.ref}: was accepted as two signals"


def no_helper_is_swallowed(seen: Record) -> Iterator[str]:
    """The press of a person never joins an alarm to which he is on his way, unless he has opened it himself."""
    for id, tale in seen.tales.items():
        for before, told in pairwise(tale):
            by = told.event.by
            if told.event.kind not in (EventKind.JOINED, EventKind.UPGRADED) or not isinstance(by, Person):
                continue
            known = before.alarm.responder(by.person)
            if known is not None and known.coming and _by(tale[0]) != by.person:
                yield f"{id}: {by.person} was on his way to it, and his press at {told.at:.3f} joined it"


def answers_are_there(seen: Record) -> Iterator[str]:
    """Whoever was told that his answer is stored stands in the log with it."""
    ends = (Action.RESOLVE, Action.CANCEL)
    for heard in seen.people.heard:
        answer = heard.answered
        tale = seen.tales.get(answer.alarm, [])
        kinds = {EventKind.RESOLVED, EventKind.CANCELLED} if answer.action in ends else RESPONSES
        if answer.action is Action.DECLINE:
            continue
        if not any(t.event.kind in kinds and t.at <= heard.at and _whose(t) in (answer.by.person, None) for t in tale):
            yield f"{answer.by.person} was told that his {answer.action} of {answer.alarm} is stored; it is not"


RESPONSES = {EventKind.ACKNOWLEDGED, EventKind.EN_ROUTE, EventKind.ARRIVED}


def _whose(told: Told) -> str | None:
    return told.event.data.get("person")


def _by(told: Told) -> str | None:
    return told.event.by.person if isinstance(told.event.by, Person) else None


def no_alarm_is_silent(seen: Record) -> Iterator[str]:
    """Every stored deadline is met in its time."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            following = tale[number + 1] if number + 1 < len(tale) else None
            if following is not None and following.at == told.at:
                continue
            at = due(told.alarm)
            if at is None:
                continue
            until = seen.in_time(seen.second_of(at, told.at))
            met = next((t.at for t in tale[number + 1 :] if due(t.alarm) != at), None)
            if until < seen.scenario.ends_at and (met is None or met > until):
                yield f"{id}: due at {at.time()} (by second {until:.3f}), and nothing happened until {met}"
                break


def pointless(alarm: Alarm, notification: Notification) -> bool:
    """Would it help nobody that this reaches him? Written anew from DESIGN, not taken from the engine."""
    if notification.purpose is Purpose.ALL_CLEAR:
        return False
    ended = alarm.state in (State.RESOLVED, State.CANCELLED)
    stands = alarm.next is None or alarm.next.at is None
    return (
        ended or notification.settled or notification.person in alarm.pressers or (stands and not notification.beyond)
    )


def the_clock_stands_rightly(seen: Record) -> Iterator[str]:
    """While enough are coming and nobody has pressed since one of them said so; for good once it is attended."""
    for id, tale in seen.tales.items():
        pressed = False
        for told in tale:
            alarm, data = told.alarm, told.event.data
            if told.event.kind is EventKind.JOINED:
                pressed |= data["sounds"] and alarm.state is State.ACKNOWLEDGED
            elif told.event.kind is EventKind.UPGRADED or (told.event.kind in RESPONSES and data["counts"]):
                pressed = False
            if alarm.next is None:
                continue
            coming = sum(r.counts and r.state.value != "declined" for r in alarm.responders)
            stands = alarm.state is State.ATTENDED or (coming >= alarm.needed and not pressed)
            if (alarm.next.at is None) != stands:
                yield f"{id}: its clock {'runs' if stands else 'stands'} after {told.event.kind} at {told.at:.3f}"
                break


def attempts_were_made(seen: Record) -> Iterator[str]:
    """Whatever the log says is being tried has reached the provider in its time, unless it had become pointless."""
    first: dict[str, float] = {}
    for sent in seen.around.sent:
        first.setdefault(sent.attempt, sent.at)
    steps = seen.scenario.steps_of_the_clock
    for id, tale in seen.tales.items():
        for told in tale:
            if told.event.kind is not EventKind.NOTIFIED:
                continue
            again = 2.1 if told.event.data["reason"] == "try_again" else 0.0
            until = seen.in_time(told.at + again, held=True)
            if until >= seen.scenario.ends_at or any(told.at - 35 < at < until for at, _, _ in steps):
                continue
            for attempt in told.event.data["attempts"]:
                made = first.get(attempt["id"])
                if attempt["contact"] is None or (made is not None and made <= until):
                    continue
                if not _gave_up(seen, id, attempt["id"], until):
                    yield (
                        f"{id}: {told.event.data['person']} should have been told by {attempt['channel']} until second "
                        f"{until:.3f} ({attempt['id']}, decided at {told.at:.3f}), was at {made}"
                    )


def _gave_up(seen: Record, alarm: str, attempt: str, until: float) -> bool:
    """Had it become pointless by then, or had word of it come by other ways?"""
    stood = seen.standing(alarm, until)
    found = stood.alarm.find(attempt) if stood else None
    if stood is None or found is None:
        return True
    return pointless(stood.alarm, found[0]) or found[1].state not in (AttemptState.QUEUED, AttemptState.WITHDRAWN)


def nobody_was_told_in_vain(seen: Record) -> Iterator[str]:
    """No notification left after the commit that made it pointless; what was withdrawn was pointless."""
    race = RACE if Trouble.SLOW not in seen.scenario.troubles else 0.6
    for sent in seen.around.sent:
        stood = seen.standing(sent.alarm, sent.at - race)
        found = stood.alarm.find(sent.attempt) if stood else None
        if seen.standing(sent.alarm, sent.at + 0.0001) is None:
            yield f"{sent.person} was told of {sent.alarm} at {sent.at:.3f}, before it was durable"
        if stood is not None and found is not None and pointless(stood.alarm, found[0]):
            yield f"{sent.person} was told of {sent.alarm} by {sent.channel} at {sent.at:.3f}, which helped nobody"
        if sent.purpose is Purpose.ALL_CLEAR and sent.channel == "voice":
            yield f"{sent.person} was called with an all-clear"
    yield from _withdrawn_wrongly(seen)


def _withdrawn_wrongly(seen: Record) -> Iterator[str]:
    made = {sent.attempt for sent in seen.around.sent}
    for id, tale in seen.tales.items():
        for told in tale:
            data = told.event.data
            withdrawn = told.event.kind is EventKind.RECEIPT and data["state"] == "withdrawn"
            found = told.alarm.find(data["attempt"]) if withdrawn and data["attempt"] not in made else None
            # It may have been pointless when it was looked at, and be wanted again.
            lately = (t.alarm for t in tale if t.at >= told.at - 3 and t.position <= told.position)
            if found is not None and not any(pointless(alarm, found[0]) for alarm in lately):
                yield f"{id}: {data['person']} was not told by {data['channel']}, and should have been"


def calls_are_ended(seen: Record) -> Iterator[str]:
    """A call that still rings for what has become pointless is ended."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            data = told.event.data
            if told.event.kind is not EventKind.RECEIPT or data["channel"] != "voice" or data["state"] != "accepted":
                continue
            for later in tale[number:]:
                found = later.alarm.find(data["attempt"])
                if found is None or found[1].state is not AttemptState.ACCEPTED:
                    break
                if pointless(later.alarm, found[0]):
                    own = found[0].person in {*(r.person for r in later.alarm.responders), _by(later)}
                    until = seen.in_time(later.at, held=True)
                    ended = seen.around.ended.get(data["provider"])
                    if not own and until < seen.scenario.ends_at and (ended is None or ended > until):
                        since = f"after {later.at:.3f}, ended at {ended}"
                        yield f"{id}: {data['provider']} to {data['person']} rings on {since}"
                    break


def lights_answer(seen: Record) -> Iterator[str]:
    """Every accepted signal of a device is answered at it, after its commit; a silent alarm shows nothing."""
    shown = {(s.device, s.ref) for s in seen.around.shown}
    for id, tale in seen.tales.items():
        for told in tale:
            data = told.event.data
            late = seen.in_time(told.at) > seen.scenario.calm_at
            if (
                told.event.kind in SIGNALS
                and data["device"]
                and not late
                and (data["device"], data["ref"]) not in shown
            ):
                yield f"{id}: {data['device']} was never answered for {data['ref']}"
    for s in seen.around.shown:
        stood = seen.standing(s.alarm, s.at - RACE)
        if stood is not None and stood.alarm.kind is Kind.DURESS and s.state not in ("received", "idle"):
            yield f"{s.alarm}: {s.device} showed {s.state} at {s.at:.3f} for a silent alarm"
        if seen.standing(s.alarm, s.at + 0.0001) is None:
            yield f"{s.alarm}: {s.device} showed {s.state} at {s.at:.3f}, before it was durable"


def not_twice(seen: Record) -> Iterator[str]:
    """An attempt is made twice only when the first may have been lost with its node, or its lease could not be kept."""
    if seen.scenario.steps_of_the_clock:
        return  # a lease is a matter of time
    made: dict[str, Sent] = {}
    for sent in seen.around.sent:
        before = made.get(sent.attempt)
        made[sent.attempt] = sent
        if before is None:
            continue
        between = [o for o in seen.around.outages if o.end >= before.at and o.start <= sent.at]
        lost = any(o.node == before.node for o in between)
        if not lost and sum(o.node is None for o in between) < 2:
            both = f"at {before.at:.3f} and {sent.at:.3f}"
            yield f"{sent.person} was told twice by {sent.channel} ({sent.attempt}), {both}"
