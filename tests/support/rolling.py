"""An installation of several nodes under load while one node after the other is stopped and started: people who press
wherever they are answered, a console that goes where it is taken in, a provider that counts; and the judgement over the
log and over what the provider has heard.
"""

import itertools
import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.sync.client import connect

from alarmd.clock import SystemClock
from alarmd.store import open_database
from tests.support.daemon import OFFICE, Daemon

STEPS = (0, 2, 4, 6)
"""Seconds after which people are told of an alarm; an alarm lives as long as the load."""


def office(receiver: str) -> str:
    """The small office, whose guards are told by webhook at every step."""
    steps = ", ".join(f"{{after: {at}s, notify: [{{team: guards}}], by: [webhook]}}" for at in STEPS)
    told = OFFICE.replace(
        'contact: [{sms: "+4790000022"}, {voice: "+4790000022"}]', f'contact: [{{webhook: "{receiver}"}}]'
    )
    before, _, after = told.partition("  rest:\n    for: {}\n    steps: ")
    _, _, rest = after.partition("\n")
    return f"{before}  rest:\n    for: {{}}\n    steps: [{steps}]\n{rest}".replace(
        "{from: 2, every: 1h}\n    ack", "{from: 4, every: 1h}\n    ack"
    )


@contextmanager
def provider() -> Iterator[tuple[str, Counter[str]]]:
    """A webhook receiver: its address, and how often it has heard each attempt."""
    heard: Counter[str] = Counter()
    lock = threading.Lock()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                heard[body["attempt"]] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Load:
    """`accepted`: the refs that were taken; `slowest`: how long somebody had to try; `closes`: with what code consoles
    were cut; `seen`: positions as the console saw them; `stall`: how long at most this machine let somebody wait who
    wanted to do something, which it does to nodes as well.
    """

    nodes: Sequence[Daemon]
    every: float = 0.3
    front: str | None = None
    trust: ssl.SSLContext | None = None
    accepted: dict[str, str] = field(default_factory=dict)
    slowest: float = 0
    stall: float = 0
    closes: list[int | None] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _moved: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Press and look on, until the block is left and the console has seen everything."""
        press, read = self.nodes[0].headers("press"), self.nodes[0].headers("read")
        threads = [
            threading.Thread(target=self._press, args=(press,)),
            threading.Thread(target=self._look_on, args=(read,)),
            threading.Thread(target=self._watch),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def until_taken(self, presses: int) -> None:
        """Until so many have been accepted."""
        with self._moved:
            assert self._moved.wait_for(lambda: len(self.accepted) >= presses, timeout=60), "nobody takes presses"

    def _press(self, headers: dict[str, str]) -> None:
        clock = SystemClock()
        with httpx.Client(trust_env=False, timeout=12, headers=headers, verify=self.trust or True) as http:
            for n in itertools.count():
                if self._over.wait(self.every):
                    return
                began = clock.now()
                self._press_somewhere(http, f"ref-{n}", n)
                with self._moved:
                    self._moved.notify_all()
                self.slowest = max(self.slowest, (clock.now() - began).total_seconds())

    def _watch(self) -> None:
        clock = SystemClock()
        over = False
        while not over:
            began = clock.now()
            over = self._over.wait(0.05)
            self.stall = max(self.stall, (clock.now() - began).total_seconds() - 0.05)

    def _press_somewhere(self, http: httpx.Client, ref: str, n: int) -> None:
        """As a load balancer does: to the next node, when one does not answer."""
        for attempt in itertools.count(n):
            if self._over.is_set():
                return
            try:
                answer = http.post(
                    f"{self._door(attempt)}/v1/signals", json={"device": f"desk-{1 + n % 2}", "ref": ref}
                )
            except httpx.HTTPError:
                self._over.wait(0.02)
                continue
            if answer.status_code == 202:
                self.accepted[ref] = answer.json()["alarm"]
                return
            assert answer.status_code in (502, 503), answer.text
            self._over.wait(0.02)

    def _door(self, turn: int) -> str:
        return self.front or self.nodes[turn % len(self.nodes)].url

    def _look_on(self, headers: dict[str, str]) -> None:
        after: int | None = None
        for turn in itertools.count():
            url = f"{self._door(turn).replace('http', 'ws')}/v1/live?after={after or 0}"
            try:
                with connect(url, ssl=self.trust, additional_headers=headers, proxy=None) as feed:
                    while not self._over.is_set():
                        frame = json.loads(feed.recv(6))
                        self.seen += [event["position"] for event in frame.get("events", ())]
                        after = self.seen[-1] if self.seen else 0
                    return
            except ConnectionClosed as closed:
                self.closes.append(closed.rcvd.code if closed.rcvd else None)
            except (OSError, InvalidHandshake, InvalidMessage):
                self._over.wait(0.05)
            if self._over.is_set():
                return


def lateness(url: str) -> dict[str, timedelta]:
    """How late each step was decided, by alarm and step, as the log tells it; people's alarms alone."""
    database = open_database(url, node="judge")
    late: dict[str, timedelta] = {}
    expected: dict[str, datetime] = {}
    with database.snapshot() as reading:
        for logged in reading.events(0, 1_000_000):
            event = orjson.loads(logged.body)
            if event["kind"] == "step_due" and logged.alarm in expected:
                step = f"{logged.alarm} step {event['data']['step']} round {event['data']['round']}"
                late[step] = datetime.fromisoformat(event["at"]) - expected[logged.alarm]
            following = event["data"].get("next")
            if following and following["at"]:
                expected[logged.alarm] = datetime.fromisoformat(following["at"])
    database.close()
    return late


def tellings(url: str, before_the_end: timedelta) -> set[str]:
    """The attempts at people, by contact, that the log had decided on so long before it ends."""
    database = open_database(url, node="judge")
    with database.snapshot() as reading:
        events = [orjson.loads(logged.body) for logged in reading.events(0, 1_000_000)]
    database.close()
    end = datetime.fromisoformat(events[-1]["at"]) - before_the_end
    return {
        attempt["id"]
        for event in events
        if event["kind"] == "notified" and datetime.fromisoformat(event["at"]) < end
        for attempt in event["data"]["attempts"]
        if attempt["contact"] is not None
    }


def alarms_of(url: str, refs: Sequence[str]) -> dict[str, str | None]:
    """In which alarm the store has each ref."""
    database = open_database(url, node="judge")
    with database.snapshot() as reading:
        found = {
            ref: next((k.alarm for d in ("desk-1", "desk-2") if (k := reading.known_signal(d, ref))), None)
            for ref in refs
        }
    database.close()
    return found
