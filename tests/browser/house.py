"""The sample office as browser tests meet it: a real daemon, people with accounts, pages that are watched for faults.

Every page that a test opens is watched: a request to another origin, a broken content policy, an uncaught error or a
line of the console that the test did not announce fails it.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Route

from alarmd.rehearsal import __file__ as rehearsal
from alarmd.wording import __file__ as wording
from tests.support.daemon import Daemon

OFFICE = Path(rehearsal).with_name("office.yaml").read_text(encoding="utf-8")
LANGUAGES = ("nb", "nn", "en")
TEXTS: dict[str, dict[str, str]] = {
    language: json.loads(Path(wording).with_name("screens").joinpath(f"{language}.json").read_text("utf-8"))
    for language in LANGUAGES
}
PEOPLE = ("ola", "per", "kari", "siri")
PASSWORD = "et-langt-nok-passord"
PIN, DURESS_PIN = "2580", "9137"
"""Kari's."""
CONSOLE, PHONE = "/console", "/m"
SIGNED_OUT = r"status of 401 .*/v1/session$"
"""Before somebody signs in, the page asks who it is: the one fault that every page may tell."""

BROKEN_POLICY = """
document.addEventListener('securitypolicyviolation', (event) => {
  console.error('policy broken: ' + event.violatedDirective)
})
"""
FIRST_SEEN = """
window.firstSeen = {}
new MutationObserver(() => {
  for (const row of document.querySelectorAll('[data-alarm]')) window.firstSeen[row.dataset.alarm] ??= Date.now()
}).observe(document, { childList: true, subtree: true })
"""
"""When the page first had a row for an alarm: a test that asks from outside would measure its own polling."""


@dataclass
class Watched:
    """What a page did that no page should do."""

    origin: str
    announced: list[str] = field(default_factory=lambda: [SIGNED_OUT])
    lines: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", self._line)
        page.on("pageerror", lambda error: self.lines.append(f"uncaught: {error}"))
        page.on("request", self._request)

    def faults(self) -> list[str]:
        return [line for line in self.lines if not any(re.search(each, line) for each in self.announced)]

    def _line(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.lines.append(f"{message.text} {message.location.get('url', '')}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.origin):
            self.lines.append(f"left the origin: {request.url}")


@dataclass
class House:
    """The daemon, and its people's way in."""

    daemon: Daemon
    cookies: dict[str, str] = field(default_factory=dict)

    def cookie(self, person: str) -> str:
        """A session of this person, begun when it is asked for first."""
        if person not in self.cookies:
            with httpx.Client(base_url=self.daemon.url, trust_env=False, timeout=20) as client:
                answer = client.post("/v1/session", json={"person": person, "password": PASSWORD})
                answer.raise_for_status()
                self.cookies[person] = answer.cookies["alarmd_session"]
        return self.cookies[person]

    def press(self, device: str, **body: object) -> str:
        """The alarm that the press raised."""
        answer = self.daemon.press(device, **body)
        assert answer.status_code == 202, answer.text
        alarm: str = answer.json()["alarm"]
        return alarm

    def act(self, alarm: str, verb: str, person: str = "ola", **body: object) -> None:
        answer = self.daemon.post(f"/v1/alarms/{alarm}/{verb}", body, "answer", "--person", person)
        assert answer.status_code == 200, answer.text

    def open(self) -> list[dict[str, Any]]:
        alarms: list[dict[str, Any]] = self.daemon.get("/v1/alarms?state=open").json()["alarms"]
        return alarms

    def calm(self) -> None:
        """Close whatever is open."""
        for alarm in self.open():
            self.act(alarm["id"], "resolve", "eva", outcome="test", reason="the test is over")


Visit = Callable[..., Page]
"""visit("ola"), visit("kari", PHONE), visit(None): a page of its own, signed in and live. `clock=True`: its time can be
moved on; every other word is an option of its browser context."""


def said(key: str, **values: object) -> re.Pattern[str]:
    """The bokmål text as a pattern; a placeholder that has no value here may be anything."""
    text = re.escape(TEXTS["nb"][key])
    return re.compile(re.sub(r"\\\{(\w+)\\\}", lambda hole: re.escape(str(values.get(hole[1], ""))) or ".+", text))


def row(page: Page, alarm: str) -> Locator:
    """The alarm in the console's list or the phone's."""
    return page.locator(f"[data-alarm='{alarm}']")


def asked(page: Page, path: str) -> list[Request]:
    """Every POST from this page to the path (a pattern), from now on."""
    found: list[Request] = []
    page.on("request", lambda r: found.append(r) if r.method == "POST" and re.search(path, r.url) else None)
    return found


@contextmanager
def answering(page: Page, path: str, status: int) -> Iterator[None]:
    """As long as it lasts the server's answer to the path (a glob) is this."""

    def refuse(route: Route) -> None:
        route.fulfill(
            status=status, content_type="application/problem+json", json={"title": "trouble", "status": status}
        )

    page.route(path, refuse)
    try:
        yield
    finally:
        page.unroute(path, refuse)
