"""What every database must do: the exam that SQLite and PostgreSQL sit. Each fixture `url` is an empty database."""

import asyncio
import multiprocessing
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import Executable

from alarmd.access.model import Account, Key, Scope, Session
from alarmd.alarm.incoming import Action, FaultFound, FaultGone, Performed
from alarmd.alarm.view import summary
from alarmd.errors import NotFound, Refused
from alarmd.ports import Head, Logged, Registry
from alarmd.store import InlineStore, ThreadedStore, open_database
from alarmd.store.link import Link, Parameters
from alarmd.store.verify import verify
from tests.store.stage import BEGAN, OFFICE, Stage, hammer, pressed, stage


class Exam:
    """Inherited by `test_sqlite.py` and `test_postgresql.py`."""

    @pytest.fixture
    def one(self, url: str) -> Iterator[Stage]:
        """A node with an organisation."""
        with stage(url) as made:
            made.apply()
            yield made

    # What is written is there, and is the same after a restart.

    def test_a_new_database_is_empty(self, url: str) -> None:
        database = open_database(url, node="one")
        with database.snapshot() as reading:
            assert reading.head() == Head(0, 0, 0)
            assert reading.events(0, 10) == ()
            assert reading.alarm("none") is None
            with pytest.raises(NotFound, match="no organisation version 1"):
                reading.organisation(1)
        database.close()

    def test_organisation_versions_are_kept_whole(self, one: Stage) -> None:
        assert one.apply() == 2
        one.reopen()
        with one.database.snapshot() as reading:
            assert reading.head().organisation == 2
            assert reading.organisation(1) == OFFICE
        with one.database.transaction() as unit:
            assert unit.organisation(2) == OFFICE

    def test_folding_the_log_rebuilds_what_was_decided(self, one: Stage) -> None:
        ids = one.live_through()
        before = {id: one.alarm(id) for id in ids}
        one.reopen()
        assert {id: one.alarm(id) for id in ids} == before
        with one.database.transaction() as unit:
            assert {id: unit.alarm(id) for id in ids} == before
        assert len(before) == 3

    def test_events_are_numbered_from_one_and_read_from_anywhere(self, one: Stage) -> None:
        one.live_through()
        with one.database.snapshot() as reading:
            every = reading.events(0, 1000)
            assert [event.position for event in every] == list(range(1, len(every) + 1))
            assert reading.head().position == len(every)
            assert reading.events(5, 3) == every[5:8]
            assert reading.story(every[0].alarm) == tuple(e for e in every if e.alarm == every[0].alarm)

    def test_what_a_decision_committed_is_what_the_log_holds(self, one: Stage) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        with one.database.snapshot() as reading:
            assert reading.events(0, 100) == taken.committed.logged
        assert orjson.loads(taken.committed.logged[0].body)["data"]["ref"] == "a-1"

    def test_lists_show_the_newest_first_and_only_what_was_asked_for(self, one: Stage) -> None:
        ids = one.live_through()
        with one.database.snapshot() as reading:
            every = [orjson.loads(text) for text in reading.summaries(open=None, site=None, limit=10)]
            assert [shown["id"] for shown in every] == ids[::-1]
            closed = [orjson.loads(text)["id"] for text in reading.summaries(open=False, site="fjordvik", limit=10)]
            assert closed == ids[:1]
            assert len(reading.summaries(open=True, site=None, limit=1)) == 1
            assert reading.summaries(open=None, site="elsewhere", limit=10) == ()
            assert [reading.open_count(at_most=n) for n in (9, 1)] == [2, 1]
        assert every == [summary(one.alarm(id)) for id in ids[::-1]]

    # A ref is known for ever, everywhere.

    def test_a_ref_is_one_signal_also_after_a_restart_and_at_another_node(self, one: Stage) -> None:
        first, joining = one.press("desk-3", "a-1").signal, one.press("desk-4", "a-1").signal
        one.reopen()
        again, other = one.press("desk-3", "a-1"), one.press("desk-4", "a-1")
        assert (again.repeated, again.signal, other.signal) == (True, first, joining)
        assert joining is not None
        assert joining.joined
        with stage(one.url, "two") as two:
            assert two.press("desk-3", "a-1").signal == first
        with one.database.snapshot() as reading:
            assert reading.known_signal("desk-3", "a-1") == first
            assert reading.known_signal("desk-3", "a-2") is None

    def test_a_ref_is_known_within_its_own_transaction(self, one: Stage) -> None:
        first, again, other = one.take(*(pressed("desk-3", "a-1"),) * 2, pressed("desk-4", "b-1"))
        assert (first.repeated, again.repeated, again.signal) == (False, True, first.signal)
        assert other.signal is not None
        assert other.signal.joined

    # One order for all writers.

    def test_a_transaction_that_fails_leaves_nothing(self, one: Stage) -> None:
        one.press("desk-3", "a-1")
        before = one.position()

        def refused(unit: Registry) -> None:
            one.taker().take(unit, pressed("desk-4", "b-1"), one.now)
            unit.add_organisation(OFFICE, by="test", now=one.now, why=None)
            unit.add_key(Key("k", "h", Scope.READ, one.now), by="test")
            unit.add_key(Key("k", "i", Scope.READ, one.now), by="test")

        with pytest.raises(Refused):
            one.within(refused)
        with one.database.snapshot() as reading:
            assert reading.head() == Head(before, 1, 0)
            assert reading.keys() == ()
        assert not one.press("desk-4", "b-1").repeated

    def test_what_another_node_wrote_is_seen_by_the_next_transaction(self, one: Stage) -> None:
        alarm = one.press("desk-3", "a-1").alarm
        assert alarm is not None
        with stage(one.url, "two") as two:
            assert two.press("desk-4", "b-1").alarm == two.alarm(alarm.id)
            two.does(alarm.id, Action.RESOLVE, reason="a drill")
            assert one.alarm(alarm.id).state.ended
            with one.database.transaction() as unit:
                assert unit.open_in_zone("fjordvik/reception") == ()
                assert unit.alarm(alarm.id) == two.alarm(alarm.id)
            one.press("desk-4", "b-2")
            assert two.press("desk-4", "b-3").signal is not None
            assert len({event.alarm for event in self._log(one)}) == 2

    def test_four_processes_leave_no_gap_and_open_one_alarm_for_one_device(self, one: Stage) -> None:
        context = multiprocessing.get_context("spawn")
        writers = [context.Process(target=hammer, args=(one.url, f"node{n}", 12)) for n in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert [writer.exitcode for writer in writers] == [0] * 4
        log = self._log(one)
        assert [event.position for event in log] == list(range(1, len(log) + 1))
        assert len({event.alarm for event in log}) == 1
        refs = Counter(orjson.loads(event.body)["data"].get("ref") for event in log)
        del refs[None]
        assert set(refs.values()) == {1}
        assert len(refs) == 4 * 8 + 4
        assert verify(one.database).findings == ()

    def test_a_cause_opens_one_alarm(self, one: Stage) -> None:
        found = FaultFound("redis", "away")
        first, again = one.take(found, found)
        assert first.alarm is not None
        assert again.alarm == first.alarm
        assert one.take(found)[0].committed is None
        with stage(one.url, "two") as two:
            assert two.take(found)[0].committed is None
            gone = two.take(FaultGone("redis", "back"))[0].alarm
            assert gone is not None
            assert gone.state.ended
        (reopened,) = one.take(found)
        assert reopened.alarm is not None
        assert reopened.alarm.id != first.alarm.id

    # Effects and deadlines.

    def test_effects_are_held_by_the_node_that_decided_them(self, one: Stage) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        decided = {due.effect.id: due.effect for due in taken.committed.effects}
        assert decided
        assert {due.until for due in taken.committed.effects} == {one.now + timedelta(seconds=5)}
        with stage(one.url, "two") as two:
            with two.database.transaction() as unit:
                assert unit.claim("two", one.now + timedelta(seconds=4), 100) == ()
                later = unit.claim("two", one.now + timedelta(seconds=5), 100)
            assert {due.effect.id: due.effect for due in later} == decided
            assert {due.until for due in later} == {one.now + timedelta(seconds=10)}
            priorities = [due.effect.priority for due in later]
            assert priorities == sorted(priorities)
        with one.database.transaction() as unit:
            assert unit.claim("one", one.now + timedelta(seconds=9), 100) == ()
            assert len(unit.claim("one", one.now + timedelta(seconds=11), 2)) == 2

    def test_renewing_holds_only_what_is_ones_own(self, one: Stage) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        ids = [due.effect.id for due in taken.committed.effects]
        with one.database.transaction() as unit:
            renewed = unit.renew("one", one.now + timedelta(seconds=3), [ids[0], "done long ago"])
            assert renewed == {ids[0]: one.now + timedelta(seconds=8)}
            assert unit.renew("two", one.now + timedelta(seconds=3), ids[1:]) == {}
            left = unit.claim("two", one.now + timedelta(seconds=6), 100)
        assert sorted(due.effect.id for due in left) == sorted(ids[1:])

    def test_thousands_are_renewed_and_given_back_in_a_few_statements(
        self, one: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        known = [due.effect.id for due in taken.committed.effects]
        many = [*known, *(f"done-{n}" for n in range(2500 - len(known)))]
        asked, do = list[int](), Link.do

        def counted(link: Link, statement: Executable, parameters: Parameters = None) -> int:
            asked.append(len(parameters["these"]) if isinstance(parameters, dict) else 0)
            return do(link, statement, parameters)

        monkeypatch.setattr(Link, "do", counted)
        with one.database.transaction() as unit:
            assert unit.renew("one", one.now, many).keys() == set(known)
            unit.give_back("one", many)
        assert asked == [1000, 1000, 500] * 2
        with one.database.transaction() as unit:
            assert {due.effect.id for due in unit.claim("two", one.now, 100)} == set(known)

    def test_what_is_ones_own_can_be_recalled_and_be_given_back(self, one: Stage) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        decided = {due.effect.id: due.effect for due in taken.committed.effects}
        first, *others = decided
        with one.database.transaction() as unit:
            assert unit.recall("two", one.now, besides=()) == ()
            recalled = unit.recall("one", one.now + timedelta(seconds=3), besides=[first])
            assert {due.effect.id: due.effect for due in recalled} == {id: decided[id] for id in others}
        with one.database.transaction() as unit:
            left = unit.claim("two", one.now + timedelta(seconds=6), 100)
            assert [due.effect.id for due in left] == [first], "the others are held for longer"
            unit.give_back("one")
        with one.database.transaction() as unit:
            assert {due.effect.id for due in unit.claim("three", one.now, 100)} == set(others)
            unit.give_back("three", others[:1])
            unit.give_back("one", others[1:])
        with one.database.transaction() as unit:
            found = [due.effect.id for due in unit.claim("four", one.now, 100)]
            assert found == others[:1], "of these alone, and nobody's but its own"

    def test_what_is_done_is_never_claimed_again(self, one: Stage) -> None:
        taken = one.press("desk-3", "a-1")
        assert taken.committed is not None
        ids = [due.effect.id for due in taken.committed.effects]
        one.take(*(Performed(id) for id in ids[1:]))
        with one.database.transaction() as unit:
            left = unit.claim("two", one.now + timedelta(hours=1), 100)
        assert [due.effect.id for due in left] == ids[:1]

    def test_a_press_from_a_shell_is_performed_by_whoever_looks_first(self, url: str) -> None:
        with stage(url, "") as shell:
            shell.apply()
            shell.press("desk-3")
            with shell.database.transaction() as unit:
                assert unit.claim("two", shell.now, 100)
                assert unit.claim("three", shell.now, 100) == ()

    def test_a_daemon_takes_back_what_it_held_in_its_earlier_life(self, url: str) -> None:
        with stage(url, daemon=True) as one:
            one.apply()
            one.press("desk-3")
            with one.database.transaction() as unit:
                assert unit.claim("one", one.now, 100) == ()
            one.reopen()
            with one.database.transaction() as unit:
                assert unit.claim("one", one.now, 100)

    def test_a_version_that_was_undone_is_not_remembered(self, one: Stage) -> None:
        def undone(unit: Registry) -> None:
            unit.organisation(unit.add_organisation(OFFICE, by="test", now=one.now, why=None))
            raise Refused

        with pytest.raises(Refused):
            one.within(undone)
        with one.database.snapshot() as reading, pytest.raises(NotFound):
            reading.organisation(2)

    def test_deadlines_are_found_in_order(self, one: Stage) -> None:
        with one.database.transaction() as unit:
            assert unit.next_due(one.now) is None
        first = one.press("desk-3").alarm
        one.now += timedelta(seconds=1)
        second = one.press("room-2").alarm
        assert first is not None
        assert second is not None
        with one.database.transaction() as unit:
            due = unit.next_due(one.now)
            assert due is not None
            assert unit.overdue(due - timedelta(milliseconds=1), 10) == ()
            assert (unit.overdue(due, 10), unit.next_due(due)) == ((first.id,), due + timedelta(seconds=1))
            assert unit.overdue(due + timedelta(hours=1), 10) == (first.id, second.id)
            assert unit.overdue(due + timedelta(hours=1), 1) == (first.id,)

    def test_a_transaction_sees_what_it_has_written(self, one: Stage) -> None:
        with one.database.transaction() as unit:
            unit.add_key(Key("k", "hash", Scope.READ, one.now), by="test")
            assert unit.key("hash") is not None
            assert unit.head() == Head(0, 1, 1)
        one.take(pressed("desk-3", "a-1"))
        with one.database.transaction() as unit:
            (alarm,) = unit.open_in_zone("fjordvik/reception")
            assert unit.summaries(open=True, site=None, limit=2) == (orjson.dumps(summary(alarm)).decode(),)

    # Administration and its audit log.

    def test_keys_come_and_go(self, one: Stage) -> None:
        key = Key("desk", "hash-1", Scope.PRESS, one.now, device="desk-3")
        other = Key("all", "hash-2", Scope.ANSWER, one.now, site="fjordvik", person="ola")
        with one.database.transaction() as unit:
            unit.add_key(key, by="test")
            unit.add_key(other, by="test")
            with pytest.raises(Refused, match="'desk' already"):
                unit.add_key(key, by="test")
        one.reopen()
        with one.database.transaction() as unit:
            assert unit.keys() == (other, key)
            assert unit.key("hash-1") == key
            before = unit.head().access
            unit.revoke_key("desk", by="test", now=one.now)
            assert unit.head().access == before + 1
            with pytest.raises(NotFound, match="no key named 'desk'"):
                unit.revoke_key("desk", by="test", now=one.now)
        with one.database.snapshot() as reading:
            assert reading.key("hash-1") is None
            assert reading.keys() == (other,)

    def test_accounts_and_sessions(self, one: Stage) -> None:
        hour = timedelta(hours=1)
        old, new = (Session(f"s{n}", "ola", BEGAN + n * hour, BEGAN + (n + 1) * hour) for n in range(2))
        with one.database.transaction() as unit:
            unit.put_account(Account("ola", "p1"), by="test", now=one.now)
            unit.put_account(Account("ola", "p2", "pin", "duress"), by="test", now=one.now)
            unit.add_session(old)
            assert unit.session("s0") == old
            unit.add_session(new)
        with one.database.snapshot() as reading:
            assert reading.account("ola") == Account("ola", "p2", "pin", "duress")
            assert reading.account("eva") is None
            assert reading.session("s0") is None, "expired when the next one began"
            assert reading.session("s1") == new
            access = reading.head().access
        with one.database.transaction() as unit:
            unit.end_session("s1", now=one.now)
            unit.end_session("unknown", now=one.now)
            assert unit.session("s1") is None
            assert unit.head().access == access + 1
        assert verify(one.database).changes == 6

    def test_all_sessions_of_one_person_end_together(self, one: Stage) -> None:
        later = BEGAN + timedelta(hours=1)
        with one.database.transaction() as unit:
            for n, person in enumerate(("ola", "ola", "eva")):
                unit.add_session(Session(f"s{n}", person, BEGAN, later))
            unit.end_sessions("ola", by="test", now=one.now)
        with one.database.transaction() as unit:
            assert [unit.session(f"s{n}") is None for n in range(3)] == [True, True, False]
            access = unit.head().access
            unit.end_sessions("ola", by="test", now=one.now)
            assert unit.head().access == access, "there was nothing left to end"
        report = verify(one.database)
        assert (report.findings, report.changes) == ((), 5)

    # From the loop.

    async def test_the_loop_writes_in_one_thread_and_reads_in_others(self, one: Stage) -> None:
        store = ThreadedStore(one.database)
        position = await store.transact(lambda unit: (unit.head().position, threading.current_thread().name))
        assert position[0] == 0
        assert position[1].startswith("store-writer")
        heads = await asyncio.gather(*(store.read(lambda reading: reading.head()) for _ in range(8)))
        assert set(heads) == {Head(0, 1, 0)}
        store.close()

    async def test_inline_the_same(self, one: Stage) -> None:
        store = InlineStore(one.database)
        assert await store.transact(lambda unit: unit.head()) == await store.read(lambda reading: reading.head())

    def test_a_snapshot_stands_still_while_others_write(self, one: Stage) -> None:
        with one.database.snapshot() as reading:
            before = reading.head()
            one.press("desk-3", "a-1")
            assert reading.events(0, 10) == ()
            assert reading.head() == before
        assert one.position() > before.position

    @staticmethod
    def _log(one: Stage) -> list[Logged]:
        with one.database.snapshot() as reading:
            return list(reading.events(0, 10_000))
