"""Two installations side by side: in one the presser types the PIN, in the other the duress PIN. All that reaches the
presser's side, over HTTP, WebSocket and MQTT, is compared byte for byte, also after a restart. She is a manager, who
sees what belongs to no site: also that the duress chain comes to its end would be told to her.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from websockets.sync.client import ClientConnection, connect

from tests.live.test_daemon import until
from tests.support import servers
from tests.support.daemon import Daemon, daemon
from tests.support.servers import HOST

pytestmark = pytest.mark.timeout(180)  # whole processes, beats that come every four seconds

PINS = {"honest": "2580", "duress": "9137"}
OFFICE = """\
alarmd: 1
name: Nav Prøvevik
time_zone: Europe/Oslo
language: nb
sites: {vik: {name: Nav Prøvevik, zones: {mottak: {name: Mottak, floor: 1. etg.}}}}
devices: {desk-1: {zone: vik/mottak, kind: panic}}
people:
  kari: {name: Kari Prøve, roles: [staff, manager], at: vik/mottak, contact: [{sms: "+4790000021"}]}
  nils: {name: Nils Prøve, roles: [staff], at: vik/mottak, contact: [{sms: "+4790000023"}]}
  ola: {name: Ola Prøve, roles: [guard], contact: [{sms: "+4790000022"}]}
teams: {guards: [ola]}
chains:
  duress:
    for: {kinds: [duress]}
    steps: [{after: 0s, notify: [{team: guards}]}, {after: 2s, notify: [{team: guards}]}]
  rest:
    for: {}
    steps: [{after: 0s, notify: [{colleagues: zone}, {team: guards}]}]
    repeat: {from: 1, every: 1h}
joining: {same_device: true}
"""
SPECIAL = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"  # times in bodies
    r"|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"  # and in headers
    r"|node-\d+"
)


def normal(text: str) -> str:
    """Ids by the order in which they come; no times, no name of the node."""
    names: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"id-{len(names)}") if found["id"] else "-"

    return SPECIAL.sub(plain, text)


@dataclass
class Button:
    """The desk's button, as a client of the broker."""

    client: paho.Client
    lit: list[str] = field(default_factory=list)

    def press(self, ref: str) -> None:
        self.client.publish("alarmd/v1/signal/desk-1", json.dumps({"ref": ref}), qos=1).wait_for_publish(10)

    def shows(self, state: str, times: int = 1) -> bool:
        return [json.loads(message)["state"] for message in self.lit].count(state) >= times


@contextmanager
def button(port: int) -> Iterator[Button]:
    made = Button(paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311))
    made.client.on_message = lambda _c, _u, message: made.lit.append(message.payload.decode())
    made.client.connect(HOST, port)
    made.client.subscribe("alarmd/v1/feedback/desk-1", 1)
    made.client.loop_start()
    try:
        yield made
    finally:
        made.client.disconnect()
        made.client.loop_stop()


@dataclass
class Feed:
    """Kari's console: the events that she is given, and how far each frame says that the log has come."""

    socket: ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)

    def until(self, kind: str) -> None:
        """Read on until a frame of this type comes."""
        while True:
            self.frames.append(json.loads(self.socket.recv(20)))
            if self.frames[-1]["type"] == kind:
                return

    def told(self) -> list[Any]:
        events = [event for frame in self.frames for event in frame.get("events", ())]
        return [events, self.frames[-1]["position"]]


@contextmanager
def following(one: Daemon) -> Iterator[Feed]:
    url = one.url.replace("http", "ws") + "/v1/live"
    with connect(url, additional_headers=one.headers("answer", "--person", "kari"), proxy=None) as socket:
        yield Feed(socket)


def heard(answer: httpx.Response) -> str:
    """All of an answer: status, every header as it was sent, the body."""
    headers = "\n".join(f"{name.decode()}: {value.decode()}" for name, value in answer.headers.raw)
    return f"{answer.status_code} {answer.reason_phrase}\n{headers}\n\n{answer.text}"


def lists(one: Daemon, alarm: str) -> list[str]:
    kari = ("answer", "--person", "kari")
    paths = ("/v1/alarms", "/v1/alarms?state=open", "/v1/alarms?state=closed", f"/v1/alarms/{alarm}")
    return [heard(one.get(path, *kari)) for path in paths]


def live(one: Daemon, broker: int, pin: str) -> tuple[list[str], dict[str, Any]]:
    """What Kari's side was given, and what the guard sees in the end."""
    one.apply(OFFICE)
    for person in ("kari", "nils"):
        one.do("pin", "set", person, typed="2580\n9137\n")
    one.start()
    until(lambda: one.get("/readyz").json()["mqtt"] == "subscribed")
    kari = ("answer", "--person", "kari")
    got: list[str] = []
    with button(broker) as desk:
        with following(one) as feed:
            feed.until("snapshot")
            desk.press("r-1")
            until(lambda: desk.shows("raised"))
            (alarm,) = (each["id"] for each in one.get("/v1/alarms?state=open").json()["alarms"])
            until(lambda: _sent(one, alarm))
            got.append(heard(one.post(f"/v1/alarms/{alarm}/cancel", {"pin": pin}, *kari)))
            until(lambda: desk.shows("cancelled"))
            until(lambda: pin == PINS["honest"] or _causes(one) == ["exhausted:duress"])
            one.post(f"/v1/alarms/{alarm}/en_route", {}, "answer", "--person", "ola")
            feed.until("beat")
            feed.until("beat")
            got += [json.dumps(feed.told()), *lists(one, alarm)]
        got += [heard(one.post(f"/v1/alarms/{alarm}/{verb}", {}, *kari)) for verb in ("acknowledge", "arrived")]
        got += [heard(one.post(f"/v1/alarms/{alarm}/cancel", {"pin": each}, *kari)) for each in PINS.values()]
        got.append(heard(one.press(ref="r-1")))
        until(lambda: desk.shows("cancelled", 2))  # what is asked for while the same light waits is shown once
        desk.press("r-1")
        until(lambda: desk.shows("cancelled", 3))
        lit = list(desk.lit)
        one.kill()
        one.start()
        got += lists(one, alarm)
        with following(one) as again:
            again.until("beat")
        got += [json.dumps(again.frames), json.dumps(lit)]
        # Where the kill came before it was stored that a light was lit, it is lit once more, with the same words.
        assert {normal(each) for each in desk.lit[len(lit) :]} <= {normal(lit[-1])}
    seen: dict[str, Any] = one.get(f"/v1/alarms/{alarm}").json()
    assert one.do("verify").startswith("the log is whole")
    assert _causes(one) == ([] if pin == PINS["honest"] else ["exhausted:duress"])
    return [normal(each) for each in got], seen


def _causes(one: Daemon) -> list[str]:
    """What a program sees to be unwell."""
    return [each["cause"] for each in one.get("/v1/alarms?state=open").json()["alarms"] if each["cause"]]


def _sent(one: Daemon, alarm: str) -> bool:
    """Every first telling has its outcome: what comes before the cancel is the same in both."""
    told = one.get(f"/v1/alarms/{alarm}").json()["notifications"]
    return len(told) == 3 and all(a["state"] in ("failed", "shown") for n in told for a in n["attempts"])


def test_honest_and_duress_are_one_to_the_pressers_side_and_two_to_the_guard(tmp_path: Path) -> None:
    def side(name: str) -> tuple[list[str], dict[str, Any]]:
        folder = tmp_path / name
        folder.mkdir()
        with servers.mosquitto(folder) as broker, daemon(folder, mqtt_url=f"mqtt://{HOST}:{broker.port}") as one:
            return live(one, broker.port, PINS[name])

    with ThreadPoolExecutor(2) as both:
        lives = dict(zip(PINS, both.map(side, PINS), strict=True))
    (honest, over), (duress, goes_on) = lives["honest"], lives["duress"]
    assert len(honest) == len(duress)
    for one, other in zip(honest, duress, strict=True):
        assert other == one
    assert (over["state"], over["coerced"]) == ("cancelled", False)
    assert (goes_on["state"], goes_on["kind"], goes_on["coerced"]) == ("acknowledged", "duress", True)
    assert [r["person"] for r in goes_on["responders"]] == ["ola"]
