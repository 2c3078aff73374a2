"""What the console lets people hear, told by the attributes that its player writes on the document."""

from playwright.sync_api import Page, expect

from tests.browser.house import House, Visit, row, said

HEARD = """
window.heard = []
new MutationObserver(() => {
  const { tone, rms } = document.documentElement.dataset
  const last = window.heard.at(-1)
  if (last?.[0] !== tone || last?.[1] !== rms) window.heard.push([tone, rms])
}).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-tone', 'data-rms'] })
"""
LOUD = "() => Number(document.documentElement.dataset.rms) > 0.02"
QUIET = "() => document.documentElement.dataset.rms === '0.000'"


def tone(page: Page, wanted: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-tone", wanted)


def start(page: Page) -> None:
    page.get_by_test_id("start-shift").click()
    expect(page.locator("html")).to_have_attribute("data-audio", "running")


def test_nothing_is_heard_before_the_click_and_the_screen_says_so(house: House, visit: Visit) -> None:
    page = visit("ola")
    house.press("skranke-1")
    expect(page.get_by_test_id("sound-off")).to_contain_text(said("sound.off"))
    expect(page.locator("html")).to_have_attribute("data-audio", "off")
    tone(page, "none")
    start(page)
    tone(page, "person")
    page.wait_for_function(LOUD)
    expect(page.get_by_test_id("sound-off")).to_have_count(0)
    expect(page.get_by_test_id("sound")).to_have_attribute("data-sound", "running")
    page.get_by_test_id("sound-heard").click()
    expect(page.get_by_test_id("start-shift")).to_have_count(0)


def test_it_sounds_until_somebody_answers(house: House, visit: Visit) -> None:
    page = visit("ola")
    start(page)
    page.wait_for_function(LOUD)
    page.wait_for_function(QUIET)
    alarm = house.press("room-101")
    tone(page, "person")
    page.wait_for_function(LOUD)
    house.act(alarm, "acknowledge", "per")
    tone(page, "none")
    page.wait_for_function(QUIET, timeout=1000)


def test_a_silent_alarm_is_seen_and_never_heard(house: House, visit: Visit) -> None:
    page = visit("ola")
    start(page)
    page.wait_for_function(LOUD)
    page.wait_for_function(QUIET)
    page.evaluate(HEARD)
    silent = house.press("under-bordet")
    expect(row(page, silent)).to_have_attribute("data-stage", "unanswered")
    expect(page.get_by_test_id("timeline").locator("[data-event=step_due]")).to_be_visible()
    assert page.evaluate("() => window.heard") == []
    house.press("room-101")
    tone(page, "person")
    page.wait_for_function(LOUD)


def test_a_pause_answers_nothing_and_a_new_alarm_breaks_it(house: House, visit: Visit) -> None:
    page = visit("ola")
    start(page)
    first = house.press("skranke-1")
    tone(page, "person")
    page.keyboard.press("m")
    tone(page, "none")
    expect(page.get_by_test_id("sound")).to_have_attribute("data-sound", "paused")
    expect(row(page, first)).to_have_attribute("data-stage", "unanswered")
    house.press("room-101")
    tone(page, "person")
