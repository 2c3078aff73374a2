"""The second paper of the exam: what is tampered with is found, what was committed survives, what cannot be kept is
refused.
"""

import multiprocessing
import os
import re
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe

import pytest
from sqlalchemy import Connection, inspect, text

from alarmd.access.model import Account, Key, Scope, Session
from alarmd.alarm.effects import Tell
from alarmd.alarm.incoming import Incoming, Performed, Pressed, Reported
from alarmd.alarm.model import AttemptState, Device
from alarmd.errors import CannotStart, NotDurable
from alarmd.ports import Due
from alarmd.store import open_database
from alarmd.store.link import Link
from alarmd.store.prepared import AT_ONCE
from alarmd.store.schema import REVISION
from alarmd.store.tables import metadata
from alarmd.store.upgrade import upgrade
from alarmd.store.verify import MOST, verify
from tests.store.stage import Stage, pressed, stage
from tests.support.effort import effort

TAMPERED = {
    "the text of an event": ("UPDATE events SET body = replace(body, 'a-1', 'a-9')", "event 1 is not what was written"),
    "the hash of an event": (
        "UPDATE events SET hash = (SELECT hash FROM events WHERE position = 1) WHERE position = 3",
        "event 3 is",
    ),
    "an event's place": (
        "UPDATE events SET alarm = (SELECT alarm FROM events WHERE position = 1) WHERE position > 8",
        "alarm",
    ),
    "an event's site": ("UPDATE events SET site = 'elsewhere' WHERE position = 2", "another alarm or site"),
    "an event taken out": ("DELETE FROM events WHERE position = 4", "events 4 to 4 are missing"),
    "the last event taken out": (
        "DELETE FROM events WHERE position = (SELECT max(position) FROM events)",
        "the head says",
    ),
    "a whole alarm's events": ("DELETE FROM events WHERE position > 1", "no event tells of it"),
    "unreadable events": ("UPDATE events SET body = 'x' WHERE position = 1", "cannot be read"),
    "the head's hash": ("UPDATE head SET hash = audit_hash", "the hash of its end"),
    "the head's organisation": ("UPDATE head SET organisation = 7", "organisation version 7 holds"),
    "an alarm's state": ("UPDATE alarms SET state = 'resolved'", "listed otherwise"),
    "an alarm's summary": ("UPDATE alarms SET summary = replace(summary, 'panic', 'tonic')", "listed otherwise"),
    "an alarm's summary's shape": ("UPDATE alarms SET summary = '[]'", "listed otherwise"),
    "an alarm's answer code": ("UPDATE alarms SET code = '99'", "listed otherwise"),
    "what an alarm takes": ("UPDATE alarms SET joinable = NOT joinable", "listed otherwise"),
    "an alarm's version": ("UPDATE alarms SET version = version + 1", "listed otherwise"),
    "an alarm's deadline": ("UPDATE alarms SET due = NULL", "deadline"),
    "an alarm": ("DELETE FROM alarms", "missing from the list"),
    "a ref": ("UPDATE signals SET ref = 'a-9' WHERE ref = 'a-1'", "'a-9' of desk-3"),
    "the signal of a ref": ("UPDATE signals SET signal = 'other' WHERE ref = 'b-1'", "'b-1' of desk-4"),
    "a ref forgotten": ("DELETE FROM signals WHERE ref = 'silent-1'", "'silent-1' of under-desk-2"),
    "a ref of no alarm": ("INSERT INTO signals VALUES ('x', 'y', 'z', 'none', false)", "no event tells of it"),
    "whom to tell": ('UPDATE effects SET body = replace(body, \'"person":"\', \'"person":"x\')', "waits to be done"),
    "what to do": ("UPDATE effects SET body = '{}'", "waits to be done"),
    "how urgent it is": ("UPDATE effects SET priority = 9", "waits to be done"),
    "when to tell": ("UPDATE effects SET due_at = due_at + 86400000", "waits to be done"),
    "a telling": ("DELETE FROM effects", "nothing waits to make it"),
    "the organisation": ("UPDATE organisations SET body = replace(body, '+47', '+46')", "organisation version 1"),
    "an organisation version": ("DELETE FROM organisations", "it is missing"),
    "a key's scope": ("UPDATE keys SET scope = 'admin'", "key desk"),
    "a key added": ("INSERT INTO keys VALUES ('evil', 'h', 'admin', 1, NULL, NULL, NULL)", "key evil .* it was added"),
    "a password": ("UPDATE accounts SET password = 'mine'", "account ola"),
    "a session": ("UPDATE sessions SET person = 'eva'", "a session of eva"),
    "who changed something": ("UPDATE audit SET by = 'nobody' WHERE position = 2", "change 2 is not"),
    "what was changed": ("UPDATE audit SET detail = '{' WHERE position = 2", "change 2 is not"),
    "a change": ("DELETE FROM audit WHERE position = 1", "changes 1 to 1 are missing"),
}


PARTIAL = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
}
"""How each index was made, its condition too."""


def _became_of(due: Due) -> Incoming:
    if not isinstance(due.effect, Tell):
        return Performed(due.effect.id)
    return Reported(due.alarm, due.effect.attempt, AttemptState.DELIVERED, effect=due.effect.id)


class ExamOfFaults:
    """Inherited beside `Exam`."""

    @pytest.fixture
    def lived(self, url: str) -> Iterator[Stage]:
        """A node with something of everything in its tables."""
        with stage(url) as made:
            made.apply()
            with made.database.transaction() as unit:
                unit.add_key(Key("desk", "hash", Scope.PRESS, made.now), by="test")
                unit.add_key(Key("gone", "hash-2", Scope.READ, made.now), by="test")
                unit.revoke_key("gone", by="test", now=made.now)
                unit.put_account(Account("ola", "p"), by="test", now=made.now)
                unit.add_session(Session("s", "ola", made.now, made.now.replace(year=2030)))
            made.live_through()
            made.press("room-2")
            yield made

    def test_what_nobody_touched_is_whole(self, lived: Stage) -> None:
        report = verify(lived.database)
        assert report.findings == ()
        assert (report.events, report.changes) == (lived.position(), 6)

    @pytest.mark.parametrize("what", TAMPERED)
    def test_tampering_is_found(self, lived: Stage, what: str) -> None:
        statement, finding = TAMPERED[what]
        assert lived.by_hand(statement), "the statement must change something"
        findings = "\n".join(verify(lived.database).findings)
        assert re.search(finding, findings), findings

    def test_ten_thousand_findings_are_not_ten_thousand_lines(self, lived: Stage) -> None:
        rows = ", ".join(f"('x', 'y{n}', 'z', 'none{n}', false)" for n in range(MOST + 10))
        lived.by_hand(f"INSERT INTO signals VALUES {rows}")  # noqa: S608 - the test tampers
        findings = verify(lived.database).findings
        assert len(findings) == MOST + 1
        assert findings[-1] == "and 10 more"

    def test_more_rows_than_one_statement_takes_are_written_all_the_same(self, one: Stage) -> None:
        taken = one.take(
            *(Pressed(Device("desk-3"), device="desk-3", ref=f"r{n}", drill=True) for n in range(AT_ONCE[0] + 11))
        )
        effects = [due for each in taken if each.committed for due in each.committed.effects]
        assert verify(one.database).findings == ()
        one.take(*(_became_of(due) for due in effects))
        assert verify(one.database).findings == ()
        assert one.within(lambda unit: unit.recall("one", one.now, besides=())) == (), "all of it is done"

    def test_verify_takes_a_time_that_grows_with_the_log_and_not_with_its_square(self, one: Stage) -> None:
        """An auditor that is too slow is switched off."""

        def audited(presses: int) -> int:
            for n in range(presses):
                one.take(Pressed(Device("desk-3"), device="desk-3", ref=f"{presses}-{n}", drill=True))
            return effort(lambda: verify(one.database))

        few, many = audited(20), audited(60)
        assert many < 4.4 * few, "four times as many alarms"

    def test_verify_runs_beside_a_writer(self, lived: Stage) -> None:
        with lived.database.transaction() as unit:
            unit.add_key(Key("new", "hash-3", Scope.READ, lived.now), by="test")
            with stage(lived.url, "two") as two:
                assert verify(two.database).findings == ()

    # What is remembered.

    def test_after_a_commit_that_only_seemed_to_fail_no_other_alarm_is_folded_again(
        self, lived: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = set(lived.database._memory._alarms)
        joined = lived.press("desk-4").alarm
        assert joined is not None
        real = Link.commit

        def lost(link: Link) -> None:
            real(link)
            link.fault = NotDurable("the server closed the connection")
            raise link.fault

        with monkeypatch.context() as patch:
            patch.setattr(Link, "commit", lost)
            with pytest.raises(NotDurable):
                lived.press("desk-4", "c-1")
        with lived.database.transaction() as unit:
            assert set(lived.database._memory._alarms) == before - {joined.id}
            known = unit.alarm(joined.id)
            assert known is not None
            assert known.signals[:-1] == joined.signals
        assert lived.press("desk-4", "c-1").repeated

    # Killed.

    def test_killed_inside_a_transaction_what_was_committed_is_there_and_nothing_else(self, url: str) -> None:
        with stage(url) as made:
            made.apply()
        context = multiprocessing.get_context("spawn")
        mine, theirs = context.Pipe()
        writer = context.Process(target=write_until_killed, args=(url, theirs))
        writer.start()
        assert mine.recv() == "in the middle"
        committed = mine.recv()
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        with stage(url, "two") as two:
            known = [two.press("desk-3", f"kept-{n}") for n in range(committed)]
            assert all(taken.repeated for taken in known)
            assert not two.press("desk-3", "never-committed").repeated
            assert verify(two.database).findings == ()

    # Tables.

    def test_migrating_from_nothing_makes_the_same_tables(self, url: str) -> None:
        made, migrated = open_database(url, node="one"), "migrated"
        with made._backend.writer.begin() as connection:
            wanted = self._shape(connection)
            for table in (*metadata.tables, "alembic_version"):
                connection.execute(text(f"DROP TABLE {table}"))
            upgrade(connection, None, migrated)
            assert self._shape(connection) == wanted
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == REVISION
        with stage(url) as again:
            again.apply()
            again.live_through()
            assert verify(again.database).findings == ()
        made.close()

    def test_a_database_of_a_newer_alarmd_is_refused_untouched(self, lived: Stage) -> None:
        lived.by_hand("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(CannotStart, match=r"newer alarmd \(revision 9999\)"):
            open_database(lived.url, node="two")
        with pytest.raises(CannotStart, match=r"newer alarmd \(revision 9999\)"):
            open_database(lived.url, node="two", daemon=True)
        assert verify(lived.database).findings == ()

    def test_tables_that_alarmd_did_not_make_are_left_alone(self, url: str) -> None:
        database = open_database(url, node="one")
        with database._backend.writer.begin() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
        database.close()
        with pytest.raises(CannotStart, match=r"tables that alarmd did not make \(accounts, alarms"):
            open_database(url, node="one")

    def test_a_shell_knows_whether_a_daemon_runs(self, url: str) -> None:
        with stage(url, "shell") as shell:
            assert not shell.database.daemon_runs()
            with stage(url, "one", daemon=True) as daemon:
                daemon.apply()
                assert shell.database.daemon_runs()
                assert daemon.database.daemon_runs()

    @staticmethod
    def _shape(connection: Connection) -> object:
        look = inspect(connection)
        tables = sorted(look.get_table_names())
        columns = {t: [(c["name"], repr(c["type"]), c["nullable"]) for c in look.get_columns(t)] for t in tables}
        indexes = {t: sorted(re.sub(r" object at 0x\w+", "", repr(i)) for i in look.get_indexes(t)) for t in tables}
        partial = connection.execute(text(PARTIAL[connection.dialect.name])).scalars().all()
        keys = {t: look.get_pk_constraint(t)["constrained_columns"] for t in tables}
        unique = {t: sorted(map(repr, look.get_unique_constraints(t))) for t in tables}
        return columns, indexes, sorted(partial), keys, unique


def write_until_killed(url: str, parent: Pipe) -> None:
    """A process of its own: commits ten presses, then stands in the middle of an eleventh, its rows written."""
    with stage(url, "killed") as own:
        for n in range(10):
            own.press("desk-3", f"kept-{n}")
        taker = own.taker()
        with own.database.transaction() as unit:
            taker.take(unit, pressed("desk-3", "never-committed"), own.now)
            unit.flush()
            parent.send("in the middle")
            parent.send(10)
            signal.pause()
