"""PostgreSQL sits the exam, and what only a server can suffer."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from signal import SIGCONT, SIGINT, SIGSTOP

import pytest
from sqlalchemy import Connection, text

from alarmd.dispatch.take import Taken
from alarmd.errors import CannotStart, NotDurable
from alarmd.ports import Reading, Registry
from alarmd.store import ThreadedStore, facade, open_database, postgresql
from alarmd.store.postgresql import Postgresql
from alarmd.store.reading import StoredReading
from alarmd.store.registry import StoredRegistry
from alarmd.store.verify import verify
from tests.store.exam import Exam
from tests.store.exam_faults import ExamOfFaults
from tests.store.exam_open import ExamOfOpenAlarms
from tests.store.exam_seat import ExamOfTheSeat
from tests.store.exam_veils import ExamOfVeils
from tests.store.stage import Stage, pressed, stage
from tests.support import servers
from tests.support.servers import Server


def _slowly(unit: Reading) -> None:
    assert isinstance(unit, StoredReading)
    unit._link.rows(text("SELECT pg_sleep(0.5)"))


END_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""

WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def _pid(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


class TestPostgresql(Exam, ExamOfFaults, ExamOfOpenAlarms, ExamOfTheSeat, ExamOfVeils):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url

    def test_sessions_are_set_up_to_keep_what_they_say(self, one: Stage) -> None:
        with one.database._backend.readers.connect() as connection:
            names = ("synchronous_commit", "idle_in_transaction_session_timeout", "lock_timeout", "timezone")
            asked = [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
        assert asked == ["on", "2s", "5s", "UTC"]

    def test_an_idle_connection_that_died_is_replaced_unnoticed(self, one: Stage) -> None:
        one.press("desk-3", "a-1")
        one.position()
        one.by_hand(END_ALL)
        assert not one.press("desk-3", "a-2").repeated
        with one.database.snapshot(), one.database.snapshot():
            pass  # now two readers idle
        one.by_hand(END_ALL)
        assert one.position() > 0

    def test_a_connection_that_dies_inside_a_transaction_is_not_durable_and_heals(self, one: Stage) -> None:
        one.press("desk-3", "a-1")
        before = one.position()

        def dies(unit: Registry) -> None:
            one.taker().take(unit, pressed("desk-3", "a-2"), one.now)
            one.by_hand(END_ALL)

        with pytest.raises(NotDurable, match="cannot be reached or has gone away"):
            one.within(dies)
        assert one.position() == before
        assert not one.press("desk-3", "a-2").repeated
        assert verify(one.database).findings == ()

    @pytest.mark.parametrize("written", [0, 1, 3])
    def test_a_stopped_node_cannot_hold_the_others_up(self, one: Stage, written: int) -> None:
        others: list[Taken] = []
        with stage(one.url, "two") as two:

            def stops(unit: Registry) -> None:
                assert isinstance(unit, StoredRegistry)
                # What the server does after two seconds, at once.
                unit._link._connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
                for n in range(written):
                    one.taker().take(unit, pressed("desk-4", f"b-{n}"), one.now)
                unit.flush()
                others.append(two.press("desk-3", "a-1"))
                one.taker().take(unit, pressed("desk-4", "b-9"), one.now)

            with pytest.raises(NotDurable):
                one.within(stops)
        assert len(others) == 1, "they did not wait in vain"

    def test_a_server_that_was_frozen_is_cut_off(self, one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """It keeps its lines open, so neither TCP nor the server's own limits end the wait."""
        monkeypatch.setattr(facade, "PATIENCE", 1.0)
        store = ThreadedStore(one.database)

        def session(unit: Reading) -> int:
            assert isinstance(unit, StoredReading)
            return int(unit._link.rows(text("SELECT pg_backend_pid()"))[0][0])

        def freezes(unit: Reading) -> int:
            os.kill(frozen := session(unit), SIGSTOP)
            try:
                return session(unit)
            finally:
                os.kill(frozen, SIGCONT)

        async def lives() -> None:
            for ask in (store.read, store.transact):
                frozen = await ask(session)
                os.kill(frozen, SIGSTOP)
                assert await ask(session) != frozen, "nothing was asked of it yet: another takes its place"
                os.kill(frozen, SIGCONT)
                with pytest.raises(NotDurable, match="cannot be reached or has gone away"):
                    await ask(freezes)
            async with asyncio.TaskGroup() as group:
                for _ in range(3):
                    group.create_task(store.transact(_slowly))  # whoever waits for his turn is not cut off

        asyncio.run(lives())
        store.close()
        assert not one.press("desk-3", "a-1").repeated

    def test_several_hosts_the_first_of_them_dead(self, postgres_server: Server, one: Stage) -> None:
        live = f"{servers.HOST}:{postgres_server.port}"
        url = one.url.replace(live, f"{servers.HOST}:{servers.free_port()},{live}")
        with stage(url, "two") as two:
            assert not two.press("desk-3", "a-1").repeated
            assert "," in two.database.place
            backend = two.database._backend
            assert isinstance(backend, Postgresql)
            assert "target_session_attrs=read-write" in backend._connection_string, "never a standby"

    def test_a_second_daemon_of_one_name_is_refused(self, one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """It would take what the first one is telling somebody for its own of an earlier life, and do it as well."""
        monkeypatch.setattr(postgresql, "NAME_WAIT", 1)
        with stage(one.url, "node", daemon=True) as first:
            first.press("desk-3")
            with first.database.transaction() as unit:
                held = unit.renew("node", first.now, [due.effect.id for due in unit.claim("node", first.now, 100)])
            with pytest.raises(CannotStart, match="another node named 'node' runs on PostgreSQL"):
                open_database(one.url, node="node", daemon=True)
            with first.database.transaction() as unit:
                assert unit.renew("node", first.now, list(held)).keys() == held.keys()
            with stage(one.url, "node 2", daemon=True) as sister, stage(one.url, "node"):
                assert not sister.press("desk-3", "a-1").repeated, "its own name, and a shell has none"
        with stage(one.url, "node", daemon=True):
            pass

    def test_a_name_outlives_a_line_that_breaks(self, one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        """As in a failover: the daemon that works goes on, and has its name again."""
        monkeypatch.setattr(postgresql, "NAME_WAIT", 1)
        with stage(one.url, "node", daemon=True) as first:
            first.press("desk-3", "a-1")
            one.by_hand(END_ALL)
            first.press("desk-3", "a-2")
            with pytest.raises(CannotStart, match="another node named 'node'"):
                open_database(one.url, node="node", daemon=True)
            with stage(one.url, "node") as other, other.database._backend.writer.begin() as thief:
                one.by_hand(END_ALL.replace("pid <>", f"pid <> {_pid(thief)} AND pid <>"))
                other.database._backend.take_name(thief, patient=True)
                assert not first.press("desk-3", "a-3").repeated, "whoever has it: it does not stop working"

    def test_a_daemon_waits_for_the_name_of_one_that_dies(self, one: Stage) -> None:
        """Its session may live on for seconds after its machine has gone."""
        with ThreadPoolExecutor(1) as thread, stage(one.url, "node", daemon=True) as dying:
            dying.press("desk-3", "a-1")
            coming = thread.submit(open_database, one.url, node="node", daemon=True)
            with one.database._backend.readers.connect() as looks:
                while not looks.execute(text(WAITING)).scalar_one():
                    assert not coming.done()
            dying.database.close()
            coming.result().close()

    def test_away_at_the_start_and_later(self, postgres_server: Server, url: str) -> None:
        postgres_server.stop(SIGINT)
        try:
            with pytest.raises(CannotStart, match="cannot be reached"):
                open_database(url, node="one")
            with stage(url, "one", daemon=True) as one:
                assert not one.database.prepared
                self._all_are_refused(one)
                postgres_server.start()
                assert one.apply() == 1
                postgres_server.stop(SIGINT)
                self._all_are_refused(one)
                postgres_server.start()
                assert not one.press("desk-3", "a-1").repeated
        finally:
            if postgres_server.process is None:
                postgres_server.start()

    def test_a_url_that_cannot_be_read(self) -> None:
        with pytest.raises(CannotStart, match="cannot be read") as refused:
            open_database("postgresql://alarmd:secret@host/x?nonsense=1", node="one")
        assert "secret" not in str(refused.value)

    @staticmethod
    def _all_are_refused(at: Stage) -> None:
        for ask in (at.apply, at.position, at.database.daemon_runs):
            with pytest.raises(NotDurable, match="cannot be reached"):
                ask()
