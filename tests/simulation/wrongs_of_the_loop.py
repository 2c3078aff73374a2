"""Small wrongs in what carries a decision: dispatcher, outbox, deadlines, clock and store. `mutants.py` says what they
are for.
"""

from tests.simulation.mutants import Mutant

LOOP = (
    Mutant(
        "a press is answered before it is committed",
        "alarmd.dispatch.dispatcher:Dispatcher._take_all",
        "return results",
        "[_answer(waiting, result) for waiting, result in zip(group, results, strict=True)]; return results",
    ),
    Mutant(
        "people are told before it is committed",
        "alarmd.dispatch.dispatcher:Dispatcher._take_all",
        "return results",
        "[heard([r.committed]) for heard in self.listeners for r in results if getattr(r, 'committed', None)]\n"
        "    return results",
    ),
    Mutant(
        "a passed deadline does not wake the dispatcher",
        "alarmd.dispatch.dispatcher:Dispatcher.hand_in",
        "self._wake.set()",
        "type(incoming).__name__ == 'DeadlinePassed' or self._wake.set()",
    ),
    Mutant(
        "after a commit that failed nobody asks what became of it",
        "alarmd.dispatch.outbox:Outbox._fetch",
        "if self._dispatcher.doubtful:",
        "if False:",
    ),
    Mutant(
        "timers are in memory only",
        "alarmd.dispatch.deadlines:Deadlines._sweep",
        "await self._store.transact(partial(_due, now=now, limit=limit))",
        "((), None)",
    ),
    Mutant(
        "a deadline that comes exactly now has not come",
        "alarmd.dispatch.deadlines:Deadlines._passed",
        "self._heap[0][0] <= now",
        "self._heap[0][0] < now",
    ),
    Mutant(
        "nobody looks again before a provider is called",
        "alarmd.dispatch.outbox:Outbox._tell",
        "not still_wanted(look.alarm, tell)",
        "False",
    ),
    Mutant(
        "the outbox forgets at a restart what was not sent",
        "alarmd.dispatch.outbox:Outbox._fetch",
        "await self._store.transact(ask)",
        "()",
    ),
    Mutant(
        "a lease is never renewed",
        "alarmd.dispatch.leases:Leases.renew",
        "not self.store.alone or until <= soon",
        "False",
    ),
    Mutant(
        "an outcome that could not be stored is dropped",
        "alarmd.dispatch.outbox:Outbox._insist",
        "await self._clock.sleep_until(self._clock.now() + AGAIN)",
        "raise",
    ),
    Mutant(
        "a light that the broker did not take is not shown again",
        "alarmd.dispatch.lanes:Lanes._show",
        "if await self._in_turn(shows):",
        "if await self._in_turn(shows) or True:",
    ),
    Mutant(
        "the feed tells what it has, whatever lies between",
        "alarmd.dispatch.follower:Follower.offer",
        "if self._begun and logged[0].position == self._position + 1:",
        "if self._begun:",
    ),
    Mutant(
        "a node that starts goes by the clock on the wall",
        "alarmd.clock:SystemClock.catch_up",
        "if with_ is not None and with_ - self.now() > STEP:",
        "if False:",
    ),
    Mutant(
        "a clock that is put back is followed",
        "alarmd.clock:SystemClock._look",
        "ours = self._anchor + (steady - self._since)",
        "ours = self._anchor = self._wall()",
    ),
    Mutant(
        "a ref is a new signal every time",
        "alarmd.dispatch.take:Taker._press",
        "if known is not None:",
        "if False:",
    ),
    Mutant(
        "what a node held is nobody's when it starts again",
        "alarmd.store.database:Database._release",
        "connection.execute(",
        "str(",
    ),
    Mutant(
        "a node does not read what its sister has written",
        "alarmd.store.database:Database._catch_up",
        "if (memory.position, memory.hash) == (head.position, head.hash):",
        "if memory.position > 0:",
    ),
    Mutant(
        "effects are leased for a moment only",
        "alarmd.store.unit:StoredUnit._hold",
        "instant(now + LEASE) if node else 0",
        "0",
    ),
    Mutant(
        "a claim is no lease",
        "alarmd.store.unit:StoredUnit._lease",
        "until = now + LEASE",
        "until = now",
    ),
    Mutant(
        "a node whose lease is over tells all the same",
        "alarmd.dispatch.outbox:Outbox._tell",
        "if not await self._leases.keeps(tell.id):",
        "if False:",
    ),
    Mutant(
        "what a lost answer has leased to a node is given to everybody",
        "alarmd.dispatch.outbox:Outbox._recall",
        "unit.recall(self._leases.node, now, besides=held)",
        "unit.give_back(self._leases.node) or ()",
    ),
    Mutant(
        "lights that wait for a broker take room from people",
        "alarmd.dispatch.outbox:Outbox._taken",
        "(self._lanes.depth if self._lanes else 0)",
        "0",
    ),
    Mutant(
        "of a button that was moved only the new place is looked at for what has its light",
        "alarmd.dispatch.looks:_live",
        "reading.open_at(device)",
        "()",
    ),
    Mutant(
        "what is shown of an alarm is shown as it was decided, whosesoever the light is",
        "alarmd.dispatch.lanes:Lanes._show",
        "own = feedback.state == State.RAISED and feedback.priority != BACKGROUND",
        "own = True",
    ),
    Mutant(
        "what was left in the store waits for the next look",
        "alarmd.dispatch.outbox:Outbox._fetch",
        "self._more = fetched == limit",
        "self._more = False",
    ),
    Mutant(
        "of what a commit left in the store nobody hears",
        "alarmd.dispatch.outbox:Outbox.offer",
        "self._more or one.left",
        "self._more",
    ),
    Mutant(
        "an alarm goes by the newest organisation, not by its own",
        "alarmd.dispatch.take:Taker._move",
        "unit.organisation(alarm.organisation)",
        "current(unit)",
    ),
    Mutant(
        "a cause has a technical alarm for each time it is noticed",
        "alarmd.dispatch.take:Taker._fault",
        "if told or",
        "if",
    ),
    Mutant(
        "what is wrong behind a veil is said to all",
        "alarmd.dispatch.take:Taker._fault",
        "code, behind=behind)",
        "code)",
    ),
    Mutant(
        "two open alarms have one answer code",
        "alarmd.store.unit:StoredUnit._codes_in_use",
        "return known | {alarm.code for alarm in self.written.values()}",
        "return set()",
    ),
    Mutant(
        "what could be joined is remembered, whatever a sister has written",
        "alarmd.store.memory:Memory._forget_who",
        "self.zones.clear()",
        "pass",
    ),
    Mutant(
        "an event is hashed without the one before it",
        "alarmd.store.unit:StoredUnit._log",
        "event_hash(hash, position, body)",
        "event_hash(bytes(32), position, body)",
    ),
    Mutant(
        "nobody notices another organisation",
        "alarmd.dispatch.follower:Follower._look",
        "if (head.organisation, head.access) != (self.head.organisation, self.head.access):",
        "if head.access != self.head.access:",
    ),
    Mutant(
        "a node goes by its own wall and not by the database's clock",
        "alarmd.app.clocks:_follow",
        "if sample is not None:",
        "if False:",
    ),
    Mutant(
        "an answer that waits for a failing commit is forgotten",
        "alarmd.dispatch.outbox:Outbox._concluded",
        "self._untold.append((effect, outcome))",
        "self._let_go(effect)",
    ),
)
