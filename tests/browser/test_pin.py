"""Taking an alarm back on the phone: right code and duress code are the same screen to the pixel, and only the guards
learn that one of them is none."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import DURESS_PIN, PHONE, PIN, TEXTS, House, Visit, Watched, row, said
from tests.browser.test_phone import SCREEN, hold, phone

TIMES = re.compile(r"\d\d[:.]\d\d[:.]\d\d")
REFUSED = r"status of 403 .*/cancel$"
MISTAKEN = "phone.mistaken"


def type_pin(page: Page, pin: str) -> None:
    for digit in pin:
        page.get_by_test_id("pin").get_by_role("button", name=digit, exact=True).click()
    page.get_by_test_id("pin-send").click()


def raised(house: House, page: Page) -> str:
    """Kari holds the button; the pad is open."""
    hold(page)
    expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "received")
    page.get_by_test_id("mistake").click()
    (alarm,) = house.open()
    id: str = alarm["id"]
    return id


def seen(page: Page) -> tuple[str, bytes]:
    """The whole page, as text of its elements and as pixels, but for the times of day in it."""
    page.clock.run_for(3_000)  # the ring of the button has come to rest
    page.evaluate("window.scrollTo(0, 0)")
    html = TIMES.sub("TIME", page.locator("body").inner_html())
    html = html.replace(' style=""', "")  # left by a picture taken before
    times = page.get_by_text(TIMES)
    return html, page.screenshot(animations="disabled", mask=[times], full_page=True)


def test_both_codes_are_the_same_screen_and_the_guard_sees_which_it_was(house: House, visit: Visit) -> None:
    console = visit("ola")
    screens: list[tuple[tuple[str, bytes], tuple[str, bytes]]] = []
    alarm = ""
    for pin in (PIN, DURESS_PIN):
        page = phone(visit)
        alarm = raised(house, page)
        type_pin(page, pin)
        expect(page.get_by_test_id("own-ended")).to_have_text(TEXTS["nb"][MISTAKEN])
        tag = row(console, alarm).get_by_text(TEXTS["nb"]["coerced.tag"])
        expect(tag).to_have_count(1 if pin == DURESS_PIN else 0)
        before = seen(page)
        page.reload()
        page.locator("[data-connection=live]").wait_for()
        expect(page.get_by_test_id("colleagues")).to_contain_text(said("phone.no_alarms"))
        screens.append((before, seen(page)))
        page.close()
    for honest, duress in zip(*screens, strict=True):
        assert duress[0] == honest[0]
        assert duress[1] == honest[1]
    row(console, alarm).click()
    detail = console.get_by_test_id("detail")
    expect(detail).to_contain_text(TEXTS["nb"]["coerced.help"])
    expect(console.get_by_test_id("timeline")).to_contain_text(said("event.coerced", who="Kari Skranke"))
    expect(row(console, alarm)).to_have_attribute("data-kind", "duress")


def test_whatever_becomes_of_it_the_phone_shows_a_mistake(house: House, visit: Visit) -> None:
    page = phone(visit)
    alarm = raised(house, page)
    type_pin(page, DURESS_PIN)
    ended = page.get_by_test_id("own-ended")
    expect(ended).to_have_text(TEXTS["nb"][MISTAKEN])
    before = seen(page)
    house.act(alarm, "en_route", "ola")
    house.act(alarm, "arrived", "ola")
    house.act(alarm, "resolve", "ola", outcome="real")
    other = house.press("room-201")
    expect(row(page, other)).to_be_visible()  # so the feed has come past all that
    house.act(other, "resolve", "eva", outcome="test", reason="over")
    expect(row(page, other)).to_have_count(0)
    assert seen(page) == before
    page.get_by_test_id("own-done").click()
    expect(page.get_by_test_id("own")).to_have_count(0)


def test_a_wrong_code_is_said_and_the_alarm_lives_on(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.append(REFUSED)
    page = phone(visit)
    alarm = raised(house, page)
    type_pin(page, "1111")
    error = page.get_by_test_id("pin-error")
    expect(error).to_contain_text(TEXTS["nb"]["phone.pin_wrong"])
    expect(error).to_have_role("alert")
    assert [a["id"] for a in house.open()] == [alarm]
    expect(page.get_by_test_id("pin-entry")).to_have_attribute("data-digits", "0")
    type_pin(page, PIN)
    expect(page.get_by_test_id("own-ended")).to_have_text(TEXTS["nb"][MISTAKEN])
    assert house.open() == []


def test_the_pad_needs_no_pointer(house: House, visit: Visit) -> None:
    page = phone(visit)
    raised(house, page)
    entry = page.get_by_test_id("pin-entry")
    expect(entry).to_be_focused()
    send = page.get_by_test_id("pin-send")
    page.keyboard.type("25")
    page.keyboard.press("Enter")  # too short to be one
    expect(send).to_have_attribute("aria-disabled", "true")
    page.keyboard.type("99")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    expect(entry).to_have_attribute("data-digits", "2")
    expect(entry).to_contain_text("2 sifre tastet")
    assert "25" not in page.get_by_test_id("pin").inner_html()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("pin")).to_have_count(0)
    page.get_by_test_id("mistake").press("Enter")
    page.keyboard.type(PIN)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("own-ended")).to_have_text(TEXTS["nb"][MISTAKEN])


def test_whoever_sits_at_the_button_takes_it_back_and_nobody_from_elsewhere(house: House, visit: Visit) -> None:
    alarm = house.press("skranke-1")
    siri = visit("siri", PHONE, viewport=SCREEN)
    expect(row(siri, alarm)).to_be_visible()
    expect(siri.get_by_test_id("mistake")).to_have_count(0)
    kari = visit("kari", PHONE, viewport=SCREEN)
    row(kari, alarm).get_by_test_id("mistake").click()
    type_pin(kari, DURESS_PIN)
    expect(kari.get_by_test_id("own-ended")).to_have_text(TEXTS["nb"][MISTAKEN])
    expect(row(siri, alarm)).to_have_count(0)
    assert [a["coerced"] for a in house.open()] == [True]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_pad_fits_a_small_phone(house: House, visit: Visit, tmp_path: Path, theme: str) -> None:
    page = phone(visit, color_scheme=theme)
    raised(house, page)
    assert page.evaluate("document.documentElement.scrollWidth") <= SCREEN["width"]
    keys = page.get_by_test_id("pin").get_by_role("button")
    for n in range(keys.count()):
        box = keys.nth(n).bounding_box()
        assert box is not None
        assert box["height"] >= 44, "a thumb must hit it"
    page.screenshot(path=tmp_path / f"pad-{theme}.png", full_page=True)
