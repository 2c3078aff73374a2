"""Nodes on a database in which everybody waits long for the lock, while presses go on: nobody is taken for dead."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.live.test_ingest import DEVICES, goes_on, holder, until
from tests.support import servers
from tests.support.daemon import daemon, sister
from tests.support.presses import Buttons, Witness, judge
from tests.support.servers import HOST

HELD = 1.0
"""Seconds for which another session has the lock at a time; it asks again at once."""
ROUNDS = 15


@contextlib.contextmanager
def lock_hog(url: str) -> Iterator[threading.Semaphore]:
    """Hold the head again and again; released once for each time."""
    rounds, over = threading.Semaphore(0), threading.Event()

    def hog() -> None:
        with psycopg.connect(url) as connection:
            while not over.is_set():
                connection.execute("SELECT * FROM head FOR UPDATE")
                over.wait(HELD)
                connection.commit()
                rounds.release()

    thread = threading.Thread(target=hog)
    thread.start()
    try:
        yield rounds
    finally:
        over.set()
        thread.join()


def term(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT term FROM seat").fetchone()
    assert row
    number: int = row[0]
    return number


@pytest.mark.timeout(200)
def test_healthy_nodes_keep_their_places_while_all_wait_for_the_lock(tmp_path: Path, postgres_url: str) -> None:
    folders = [tmp_path / name for name in ("north", "south", "west")]
    for folder in folders:
        folder.mkdir()
    with servers.mosquitto(tmp_path) as broker:
        shared = {"database_url": postgres_url, "mqtt_url": f"mqtt://{HOST}:{broker.port}"}
        with (
            daemon(folders[0], **shared) as north,
            sister(folders[1], **shared) as south,
            sister(folders[2], **shared) as west,
            Witness(postgres_url) as witness,
        ):
            nodes = [north, south, west]
            for node in nodes:
                node.start()
            holder(nodes)
            with Buttons(broker.port, DEVICES, every=0.3) as buttons:
                goes_on(witness, presses=5)
                before = term(postgres_url)
                with lock_hog(postgres_url) as rounds:
                    for _ in range(ROUNDS):
                        assert rounds.acquire(timeout=60)
                assert term(postgres_url) == before
            sure = [press for press in buttons.presses if press.taken is not None]
            until(lambda: len(witness.signals) >= len(sure))
        assert judge(buttons.presses, witness.signals, within=60.0) == []
