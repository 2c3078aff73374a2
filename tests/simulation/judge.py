"""The verdict on a world: every truth of the house that can be read from its log and from outside. Each check is a
generator of findings, a line each; it knows what was promised, and nothing of how the nodes keep it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

from alarmd.alarm.events import EventKind
from alarmd.alarm.model import Alarm, AttemptState, Notification, Person, Purpose, State
from alarmd.escalation.plan import due
from tests.simulation.chain import chain_was_followed
from tests.simulation.endings import all_clear_was_given, ends_have_a_reason, nothing_follows_the_end
from tests.simulation.hearing import answers_are_there, nobody_gave_up, refusals_have_a_reason
from tests.simulation.joining import helpers_in_need_are_waited_for_nowhere, no_two_are_alike, signals_join_rightly
from tests.simulation.lights import lights_answer, lights_follow, live_goes_first, silence_is_kept
from tests.simulation.missed import others_are_told, who_was_missed_is_told
from tests.simulation.record import LEASE, LOOKS, Record, Told, just_after
from tests.simulation.scenario import Trouble
from tests.simulation.surroundings import Sent
from tests.simulation.telling import (
    every_telling_has_its_cause,
    every_way_was_tried,
    failing_is_not_waited_for,
    no_word_is_undone,
    ways_begin,
    ways_follow_each_other,
)
from tests.simulation.veils import faults_are_hidden_too, nobody_there_is_told, taking_back_looks_like_an_end
from tests.simulation.versions import newest_version_holds, refusals_were_right, versions_are_noticed

RACE = 0.05
"""Seconds between the look at an alarm and the provider's hearing of it: nobody can make that nothing."""
SLOW_RACE = 0.6
"""The same where the disk takes its time to answer the look."""
RELIED_ON = 3.0
"""So long a lease is relied on without being renewed."""
RENEWED = 1.5
"""So often leases are renewed: a disk that takes longer for a turn lets them run out."""
SIGNALS = (EventKind.RAISED, EventKind.JOINED, EventKind.UPGRADED)


def judge(seen: Record) -> list[str]:
    """All findings."""
    return [f"{check.__name__}: {finding}" for check in CHECKS for finding in check(seen)]


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
        if life.began_at is None:
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
        if accepted.press.ref and said.setdefault(accepted.press.ref, signal.signal) != signal.signal:
            yield f"{accepted.press.ref}: was accepted as two signals"


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
            until = seen.in_time(seen.second_of(at, told), id)
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
        ended
        or notification.settled
        or notification.rests
        or notification.person in alarm.pressers
        or (stands and not notification.beyond)
    )


def attempts_were_made(seen: Record) -> Iterator[str]:
    """Whatever the log says is being tried has reached the provider in its time, unless it had become pointless."""
    first: dict[str, float] = {}
    for sent in seen.around.sent:
        first.setdefault(sent.attempt, sent.at)
    for id, tale in seen.tales.items():
        for told in tale:
            if told.event.kind is not EventKind.NOTIFIED:
                continue
            again = timedelta(seconds=2.1 if told.event.data["reason"] == "try_again" else 0)
            until = seen.in_time(seen.second_of(told.event.at + again, told), id, held=True)
            if until >= seen.scenario.ends_at:
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
    """Had it become pointless by then, or had word of it come by other ways? That it was withdrawn only for that is
    judged by `nobody_was_told_in_vain`.
    """
    stood = seen.standing(alarm, until)
    found = stood.alarm.find(attempt) if stood else None
    if stood is None or found is None:
        return True
    return pointless(stood.alarm, found[0]) or found[1].state is not AttemptState.QUEUED


def nobody_was_told_in_vain(seen: Record) -> Iterator[str]:
    """No notification left after the commit that made it pointless; what was withdrawn was pointless."""
    for sent in seen.around.sent:
        slow = any(w.start <= sent.at <= w.end + 1 for w in seen.scenario.windows if w.trouble is Trouble.SLOW)
        looked = sent.at - (SLOW_RACE if slow else RACE)
        if seen.standing(sent.alarm, just_after(sent.at)) is None:
            yield f"{sent.person} was told of {sent.alarm} at {sent.at:.3f}, before it was durable"
        # It may have been pointless when it was looked at, and be wanted again.
        if not sent.behind and not any(_helped(seen, sent, at) for at in (looked, sent.at, just_after(sent.at))):
            yield f"{sent.person} was told of {sent.alarm} by {sent.channel} at {sent.at:.3f}, which helped nobody"
        if sent.purpose is Purpose.ALL_CLEAR and sent.channel == "voice":
            yield f"{sent.person} was called with an all-clear"
    yield from _withdrawn_wrongly(seen)


def _helped(seen: Record, sent: Sent, at: float) -> bool:
    """Was it of use to anybody as things stood then?"""
    stood = seen.standing(sent.alarm, at)
    found = stood.alarm.find(sent.attempt) if stood else None
    return stood is None or found is None or not pointless(stood.alarm, found[0])


def _withdrawn_wrongly(seen: Record) -> Iterator[str]:
    made = {sent.attempt for sent in seen.around.sent}
    for id, tale in seen.tales.items():
        for told in tale:
            data = told.event.data
            withdrawn = told.event.kind is EventKind.RECEIPT and data["state"] == "withdrawn"
            found = told.alarm.find(data["attempt"]) if withdrawn and data["attempt"] not in made else None
            # It may have been pointless when it was looked at, and be wanted again.
            since = seen.standing(id, told.at - 3)
            lately = [
                *([since] if since else []),
                *(t for t in tale if told.at - 3 <= t.at and t.position <= told.position),
            ]
            if found is not None and not any(pointless(t.alarm, found[0]) for t in lately):
                yield f"{id}: {data['person']} was not told by {data['channel']}, and should have been"


def calls_are_ended(seen: Record) -> Iterator[str]:
    """A call that still rings for what has become pointless is ended, where its provider has said what he calls it."""
    for id, tale in seen.tales.items():
        for number, told in enumerate(tale):
            data = told.event.data
            if told.event.kind is not EventKind.RECEIPT or data["channel"] != "voice" or data["state"] != "accepted":
                continue
            if data["provider"] is None:
                continue
            for later in tale[number:]:
                found = later.alarm.find(data["attempt"])
                if found is None or found[1].state is not AttemptState.ACCEPTED:
                    break
                if pointless(later.alarm, found[0]):
                    own = found[0].person == _speaker(later)
                    until = _until_ended(seen, later.at, id)
                    ended = seen.around.ended.get(data["provider"])
                    if not own and until < seen.scenario.ends_at and (ended is None or ended > until):
                        since = f"after {later.at:.3f}, ended at {ended}"
                        yield f"{id}: {data['provider']} to {data['person']} rings on {since}"
                    break


def _until_ended(seen: Record, at: float, alarm: str) -> float:
    """A provider that is away is asked a few times; then the call rings out."""
    until = seen.in_time(at, alarm, held=True)
    away = (w for w in seen.scenario.windows if w.trouble is Trouble.PROVIDER and w.what == "voice")
    for window in sorted(away, key=lambda w: w.start):
        if window.start <= until and at < window.end:
            until = seen.in_time(window.end, alarm, held=True) if window.end < at + 4 else seen.scenario.ends_at
    return until


def _speaker(told: Told) -> str | None:
    """Who speaks through his telephone, and would be cut off."""
    by = told.event.by
    return by.person if isinstance(by, Person) and by.channel == "voice" else None


def not_twice(seen: Record) -> Iterator[str]:
    """An attempt is made twice only when the first may have been lost with its node, or its lease could not be kept."""
    made: dict[str, Sent] = {}
    for sent in seen.around.sent:
        before = made.get(sent.attempt)
        made[sent.attempt] = sent
        if before is not None and not sent.behind and not _may_be_lost(seen, before, sent):
            both = f"by {before.node} at {before.at:.3f} and by {sent.node} at {sent.at:.3f}"
            yield f"{sent.person} was told twice by {sent.channel} ({sent.attempt}), {both}"


def _may_be_lost(seen: Record, first: Sent, second: Sent) -> bool:
    """What became of the first: nobody can know, or whoever knows could not say so for as long as a lease holds."""
    hinders = {Trouble.HANGS, Trouble.COMMITS, Trouble.FULL, Trouble.SLOW} & seen.scenario.troubles
    gone = any(
        o.node == first.node and o.end >= first.at and o.start <= second.at and (hinders or not o.released)
        for o in seen.around.outages
    )
    stepped = any(at <= second.at and first.at <= at + LOOKS for at, _ in seen.scenario.clock)
    renewals = sum(
        r.node == first.node and first.at - LEASE <= r.at <= second.at and r.what.startswith("Leases._hold")
        for r in seen.around.refusals
    )
    slowly = Trouble.SLOW in seen.scenario.troubles and any(
        o.node is None and o.end - o.start > RENEWED and o.start <= second.at and first.at <= o.end
        for o in seen.around.outages
    )
    # A node that starts when the clock was put back goes on from the end of the log: by its sister's time its leases
    # are over sooner.
    behind = max((u.behind for u in seen.unknowing if u.start <= second.at), default=0.0)
    return gone or ((stepped or slowly or behind > RELIED_ON) and first.node != second.node) or renewals >= 2


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (
    log_is_whole,
    feeds_heard_everything,
    what_was_accepted_is_there,
    signals_join_rightly,
    helpers_in_need_are_waited_for_nowhere,
    no_two_are_alike,
    answers_are_there,
    refusals_have_a_reason,
    no_alarm_is_silent,
    chain_was_followed,
    attempts_were_made,
    nobody_was_told_in_vain,
    calls_are_ended,
    lights_answer,
    lights_follow,
    live_goes_first,
    silence_is_kept,
    not_twice,
    nobody_gave_up,
    ways_begin,
    ways_follow_each_other,
    every_telling_has_its_cause,
    every_way_was_tried,
    failing_is_not_waited_for,
    others_are_told,
    who_was_missed_is_told,
    no_word_is_undone,
    ends_have_a_reason,
    all_clear_was_given,
    nothing_follows_the_end,
    taking_back_looks_like_an_end,
    faults_are_hidden_too,
    nobody_there_is_told,
    newest_version_holds,
    versions_are_noticed,
    refusals_were_right,
)
PROMISES = {check.__name__: " ".join((check.__doc__ or "").split()) for check in CHECKS}
"""What each check is about, for whoever reads a story."""
