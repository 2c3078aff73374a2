"""What holds for every screen: axe finds nothing, nothing moves or is cut off that must not, one language at a time."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.house import CONSOLE, DURESS_PIN, LANGUAGES, PHONE, TEXTS, House, Visit, row

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
DAYS = re.compile(
    r"\b(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(January|February|March|May|June|July|October|December)\b"
)
MOVING = """
() => [...document.querySelectorAll('*')]
  .flatMap((each) => [null, '::before', '::after'].map((part) => [each, getComputedStyle(each, part)]))
  .filter(([, style]) => style.animationName !== 'none')
  .map(([each, style]) => `${each.className?.baseVal ?? each.className} ${style.animationName}`)
"""
CUT_OFF = """
() => [...document.querySelectorAll('body *')]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest('.hidden, svg'))
  .filter((each) => each.getBoundingClientRect().right > window.innerWidth + 1)
  .map((each) => `${each.tagName} ${each.className}`)
"""
"""What reaches out of the screen, whether one could scroll there or not."""


def busy_console(house: House, visit: Visit, **options: object) -> Page:
    """Two open alarms, one answered and then cancelled under duress, one being closed; one that is over, a technical
    fault, the help."""
    over = house.press("mottak-1")
    house.act(over, "resolve", outcome="false", reason="Feil knapp.")
    answered, waiting = house.press("skranke-1"), house.press("room-201", note="Høy stemme")
    house.press("room-101", kind="technical")
    house.act(answered, "en_route", "per")
    house.act(answered, "cancel", "kari", pin=DURESS_PIN)
    page = visit("ola", **options)
    row(page, waiting).click()
    expect(page.get_by_test_id("timeline").locator("[data-event=step_due]").first).to_be_visible()
    return page


def unfolded(page: Page) -> None:
    page.get_by_test_id("act-resolve").click()
    page.get_by_test_id("panel-submit").click()
    page.get_by_test_id("technical-toggle").click()
    page.keyboard.press("Escape")
    page.get_by_test_id("act-note").click()
    page.get_by_role("button", name=TEXTS["nb"]["help.open"], exact=True).click()
    expect(page.get_by_test_id("help")).to_be_visible()


def busy_phone(house: House, visit: Visit, **options: object) -> Page:
    """Her own alarm with somebody coming and the pad to take it back, a colleague's, and the settings."""
    house.press("room-201")
    page = visit("kari", PHONE, **{"viewport": {"width": 390, "height": 844}} | options)
    page.get_by_test_id("hold").focus()
    page.keyboard.down("Space")
    expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "received")
    page.keyboard.up("Space")
    own = next(alarm["id"] for alarm in house.open() if alarm["device"] is None)
    house.act(own, "en_route")
    expect(page.get_by_test_id("phone-coming")).to_be_visible()
    page.get_by_test_id("mistake").click()
    page.keyboard.type("258")
    page.get_by_test_id("settings").click()
    return page


def nobody(_: House, visit: Visit, **options: object) -> Page:
    """Before anybody has signed in, a wrong try behind him."""
    page = visit(None, CONSOLE, **options)
    page.get_by_test_id("signin-submit").click()
    expect(page.get_by_test_id("signin-error")).to_be_visible()
    return page


def speak(page: Page, language: str) -> None:
    page.locator(f".choosers input[value={language}]").check(force=True)
    expect(page.locator("html")).to_have_attribute("lang", language)


def light(page: Page, theme: str) -> None:
    page.locator(f".choosers input[value={theme}]").check(force=True)
    expect(page.locator(".page")).to_have_class(re.compile(rf"\b{theme}\b"))


SCREENS = pytest.mark.parametrize("screen", [busy_console, busy_phone, nobody])
Screen = Callable[..., Page]


@SCREENS
def test_axe_finds_nothing(house: House, visit: Visit, screen: Screen) -> None:
    page = screen(house, visit, reduced_motion="reduce")  # a colour that is still fading in is no colour yet
    if screen is busy_console:
        unfolded(page)
    for theme in ("light", "dark"):
        light(page, theme)
        for language in ("nb", "nn"):
            speak(page, language)
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, f"{theme}, {language}: {found.generate_report()}"


@SCREENS
def test_who_wants_no_motion_gets_none(house: House, visit: Visit, screen: Screen) -> None:
    page = screen(house, visit, reduced_motion="reduce")
    assert page.evaluate(MOVING) == []


@SCREENS
def test_a_narrow_screen_needs_no_sideways_scrolling(house: House, visit: Visit, screen: Screen) -> None:
    page = screen(house, visit, viewport={"width": 390, "height": 844})
    if screen is busy_console:
        unfolded(page)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(CUT_OFF) == [], f"{width} px"
    if screen is busy_console:
        page.get_by_role("button", name=TEXTS["nb"]["back"]).first.click()
        expect(page.get_by_test_id("alarm-list")).to_be_visible()
        assert page.evaluate(CUT_OFF) == [], "the list"


@SCREENS
def test_another_language_is_another_language_everywhere(house: House, visit: Visit, screen: Screen) -> None:
    page = screen(house, visit)
    if screen is busy_console:
        unfolded(page)
    for language in (*LANGUAGES, "nb"):
        speak(page, language)
        said = page.locator("body").inner_text()
        lines = {line.strip() for line in said.splitlines()}
        own = set(TEXTS[language].values())
        foreign = {text for other in LANGUAGES for text in TEXTS[other].values()} - own
        assert lines & own, "nothing of what is said is known"
        assert lines & foreign == set(), language
        assert language == "en" or not DAYS.search(said)


@pytest.mark.parametrize("path", [CONSOLE, PHONE])
def test_the_policy_allows_nothing_unsafe_and_nothing_foreign(house: House, visit: Visit, path: str) -> None:
    page = visit("kari", path)
    answer = page.request.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for source in page.eval_on_selector_all(
        "script[src], link[href]", "all => all.map((each) => each.src ?? each.href)"
    ):
        assert source.startswith(house.daemon.url)
