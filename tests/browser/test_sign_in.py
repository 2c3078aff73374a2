"""Coming in and going out: the one screen that must say what is wrong without saying too much."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import CONSOLE, PASSWORD, PHONE, House, Visit, Watched, said


def enter(page: Page, person: str, password: str) -> None:
    page.get_by_test_id("signin-person").fill(person)
    page.get_by_test_id("signin-password").fill(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("path", "inside"), [(CONSOLE, "alarm-list"), (PHONE, "hold")])
def test_a_wrong_password_is_told_and_the_right_one_lets_in(visit: Visit, path: str, inside: str) -> None:
    page = visit(None, path)
    for person in ("kari", "nobody-here"):
        with page.expect_response(lambda answer: answer.status == 401):
            enter(page, person, "feil passord her")
        expect(page.get_by_test_id("signin-error")).to_contain_text(said("signin.wrong"))
        expect(page.get_by_test_id(inside)).to_have_count(0)
    enter(page, "kari", PASSWORD)
    expect(page.get_by_test_id(inside)).to_be_visible()
    expect(page.locator("[data-connection=live]")).to_be_visible()


def test_who_signs_out_is_out_after_a_reload_too(house: House, visit: Visit) -> None:
    page = visit(None)
    enter(page, "per", PASSWORD)
    house.press("skranke-1")
    expect(page.locator("[data-alarm]").first).to_be_visible()
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("signin-submit")).to_be_visible()
    expect(page.locator("[data-alarm]")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("signin-submit")).to_be_visible()


def test_a_session_that_ends_is_told_and_comes_back_where_it_was(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.append("status of 401 .*/v1/alarms/")  # the answer to the click, or to the question for its story
    alarm = house.press("skranke-1")
    page = visit(None)
    enter(page, "ola", PASSWORD)
    expect(page.get_by_test_id("detail")).to_have_attribute("data-detail", alarm)
    page.context.clear_cookies()
    page.get_by_test_id("act-acknowledge").click()
    expect(page.get_by_role("main")).to_contain_text(said("signin.expired"))
    enter(page, "ola", PASSWORD)
    page.get_by_test_id("act-acknowledge").click()
    expect(page.locator(f"[data-alarm='{alarm}']")).to_have_attribute("data-stage", "answered")
