"""What a console says of itself to the server, and how many of its colleagues it shows."""

import json
import threading
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.house import OFFICE, PASSWORD, House, Visit, said
from tests.browser.test_sign_in import enter
from tests.browser.test_sound import start


def consoles(house: House) -> dict[str, Any]:
    """By person."""
    found: dict[str, Any] = house.daemon.get("/v1/consoles", "admin").json()
    return {each["person"]: each for each in found["consoles"]}


def until(house: House, holds: Callable[[dict[str, Any]], object]) -> None:
    """Ask until it holds: the page's own beats are four seconds apart."""
    pause = threading.Event()
    for _ in range(200):
        if holds(consoles(house)):
            return
        pause.wait(0.05)
    raise AssertionError(consoles(house))


def hide(page: Page) -> None:
    """Headless pages are always visible to themselves."""
    page.evaluate(
        """() => {
          Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
          document.dispatchEvent(new Event('visibilitychange'))
        }"""
    )


def test_a_console_is_armed_once_its_sound_is_on_and_gone_when_it_is_closed(house: House, visit: Visit) -> None:
    page = visit("ola")
    until(house, lambda found: found.get("ola", {}).get("armed") is False)
    start(page)
    until(house, lambda found: found["ola"]["armed"])
    assert consoles(house)["ola"]["visible"]
    hide(page)
    until(house, lambda found: not found["ola"]["visible"])
    assert consoles(house)["ola"]["armed"], "it can be heard all the same"
    page.close()
    until(house, lambda found: "ola" not in found)


def test_a_console_answers_each_beat_so_that_one_that_sleeps_falls_silent(visit: Visit) -> None:
    page = visit("ola")
    with page.expect_websocket() as opened:
        page.reload()
    feed = opened.value
    for frame in ("hello", "beat"):
        if frame == "beat":
            feed.wait_for_event("framereceived", lambda got: '"type":"beat"' in got)
        sent = feed.wait_for_event("framesent")
        assert json.loads(sent) == {"type": "here", "armed": False, "visible": True}


def test_a_console_shows_how_many_can_be_heard(visit: Visit) -> None:
    page, other = visit("ola"), visit("per")
    start(page)
    shown = page.get_by_test_id("consoles")
    expect(shown).to_have_attribute("data-open", "2")
    expect(shown).to_have_attribute("data-armed", "1")
    start(other)
    expect(shown).to_have_attribute("data-armed", "2")
    expect(shown).to_have_text(said("consoles.heard", n=2, all=2))


def test_who_signs_out_is_at_no_console(house: House, visit: Visit) -> None:
    page = visit(None)  # a session of its own, for it ends
    enter(page, "siri", PASSWORD)
    until(house, lambda found: "siri" in found)
    page.get_by_test_id("sign-out").click()
    until(house, lambda found: "siri" not in found)


def test_where_somebody_must_watch_a_banner_says_that_nobody_does(house: House, visit: Visit) -> None:
    house.daemon.apply(f"console: {{watched: {{within: 15s}}}}\n{OFFICE}")
    try:
        page = visit("ola")
        expect(page.get_by_test_id("unwatched")).to_contain_text(said("unwatched.banner"), timeout=60_000)
        start(page)
        expect(page.get_by_test_id("unwatched")).to_have_count(0)
    finally:
        house.daemon.apply(OFFICE)
