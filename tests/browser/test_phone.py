"""The phone page: one gesture makes one alarm, anything less makes none; what is not confirmed is not called sent."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.house import PHONE, TEXTS, House, Visit, Watched, answering, asked, row, said

SIGNALS = "/v1/signals$"
SCREEN = {"width": 390, "height": 844}
HELD = 1_600
"""Milliseconds of the page's own clock; the hold takes 1,500."""

Gesture = Callable[[Page], None]


def circle(page: Page) -> Locator:
    return page.get_by_test_id("hold")


def middle(page: Page) -> tuple[float, float]:
    box = circle(page).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def mouse(page: Page) -> tuple[Gesture, Gesture]:
    page.mouse.move(*middle(page))
    return lambda p: p.mouse.down(), lambda p: p.mouse.up()


def touch(page: Page) -> tuple[Gesture, Gesture]:
    x, y = middle(page)
    finger = page.context.new_cdp_session(page)

    def down(_: Page) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})

    def up(_: Page) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    return down, up


def space(page: Page) -> tuple[Gesture, Gesture]:
    circle(page).focus()
    return lambda p: p.keyboard.down("Space"), lambda p: p.keyboard.up("Space")


def phone(visit: Visit, **options: object) -> Page:
    return visit("kari", PHONE, clock=True, viewport=SCREEN, **options)


def hold(page: Page) -> None:
    down, up = mouse(page)
    down(page)
    page.clock.run_for(HELD)
    up(page)


@pytest.mark.parametrize("gesture", [mouse, touch, space])
def test_a_short_hold_sends_nothing_and_a_whole_one_makes_one_alarm(
    house: House, visit: Visit, gesture: Callable[[Page], tuple[Gesture, Gesture]]
) -> None:
    page = phone(visit, has_touch=gesture is touch)
    sent = asked(page, SIGNALS)
    down, up = gesture(page)
    down(page)
    page.clock.run_for(600)
    expect(circle(page)).to_have_attribute("data-hold", "holding")
    up(page)
    expect(circle(page)).to_have_attribute("data-hold", "aborted")
    page.clock.run_for(3_000)
    assert sent == []
    down(page)
    page.clock.run_for(HELD)
    up(page)
    expect(page.get_by_test_id("phone-status")).to_have_text(said("phone.received"))
    page.clock.run_for(3_000)
    assert len(sent) == 1
    (alarm,) = house.open()
    assert (alarm["zone"], alarm["kind"], alarm["by"]["person"]) == ("lillefjord/skranke", "panic", "kari")


def test_sliding_off_or_a_second_finger_gives_up(house: House, visit: Visit) -> None:
    page = phone(visit, has_touch=True)
    sent = asked(page, SIGNALS)
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y)
    expect(circle(page)).to_have_attribute("data-hold", "aborted")
    page.clock.run_for(HELD)
    page.mouse.up()
    fingers = page.context.new_cdp_session(page)
    one, two = {"x": x, "y": y, "id": 1}, {"x": 30, "y": 30, "id": 2}  # anywhere on the screen
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [one]})
    expect(circle(page)).to_have_attribute("data-hold", "holding")
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [one, two]})
    expect(circle(page)).to_have_attribute("data-hold", "aborted")
    page.clock.run_for(HELD)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert sent == []
    assert house.open() == []


def test_who_comes_is_seen_on_the_phone_that_called(house: House, visit: Visit) -> None:
    page = phone(visit)
    hold(page)
    expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "received")
    (alarm,) = house.open()
    house.act(alarm["id"], "acknowledge", "ola")
    coming = page.get_by_test_id("phone-coming")
    expect(coming).to_contain_text(f"Ola Vakt {TEXTS['nb']['responder.acknowledged']}")
    house.act(alarm["id"], "en_route", "ola")
    expect(coming).to_contain_text(f"Ola Vakt {TEXTS['nb']['responder.en_route']}")
    house.act(alarm["id"], "arrived", "ola")
    house.act(alarm["id"], "resolve", "ola", outcome="real")
    page.get_by_test_id("own-done").click()
    expect(page.get_by_test_id("own")).to_have_count(0)


def test_a_try_that_fails_is_followed_by_one_with_the_same_mark(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.append("status of 503 .*/v1/signals$")
    page = phone(visit)
    sent = asked(page, SIGNALS)
    with answering(page, "**/v1/signals", 503):
        with page.expect_response("**/v1/signals"):
            hold(page)
        expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "sending")
    expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "received")
    assert len(house.open()) == 1
    refs = {request.post_data_json["ref"] for request in sent if request.post_data_json}
    assert len(sent) >= 2
    assert len(refs) == 1


def test_what_nobody_confirms_is_called_so_and_tries_go_on(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.append("status of 503 .*/v1/signals$")
    page = phone(visit)
    with answering(page, "**/v1/signals", 503):
        hold(page)
        expect(page.get_by_test_id("phone-status")).to_have_text(said("phone.not_confirmed"))
        expect(page.get_by_test_id("own")).to_have_role("alert")
        expect(page.get_by_test_id("call-emergency")).to_have_attribute("href", "tel:112")
        assert house.open() == []
    page.clock.run_for(3_000)
    expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "received")
    assert len(house.open()) == 1


def test_a_silent_alarm_shows_one_grey_dot_and_nothing_more(house: House, visit: Visit) -> None:
    page = phone(visit)
    page.get_by_test_id("silent").check()
    before = page.get_by_role("main").inner_text()
    hold(page)
    expect(page.get_by_test_id("silent-dot")).to_have_attribute("data-on", "true")
    expect(circle(page)).to_have_attribute("data-hold", "idle")
    assert page.get_by_role("main").inner_text() == before
    expect(page.get_by_test_id("own")).to_have_count(0)
    (alarm,) = house.open()
    assert alarm["kind"] == "duress"
    page.reload()
    expect(page.get_by_test_id("colleagues")).to_contain_text(said("phone.no_alarms"))


def test_a_colleague_answers_from_the_phone(house: House, visit: Visit) -> None:
    page = visit("siri", PHONE, viewport=SCREEN)
    alarm = house.press("room-201")
    asked_of = row(page, alarm)
    asked_of.get_by_test_id("act-en_route").click()
    expect(asked_of).to_have_attribute("data-state", "acknowledged")
    asked_of.get_by_test_id("act-arrived").click()
    expect(asked_of).to_have_attribute("data-state", "attended")
    assert {(r["person"], r["state"]) for r in house.open()[0]["responders"]} == {("siri", "arrived")}


def test_the_place_is_chosen_once_and_kept(house: House, visit: Visit) -> None:
    page = phone(visit)
    expect(page.get_by_test_id("place")).to_contain_text("Skranke")
    page.get_by_test_id("change-place").click()
    page.get_by_test_id("place-zone").select_option("lillefjord/moterom")
    page.reload()
    expect(page.get_by_test_id("place")).to_contain_text("Møterom")
    hold(page)
    expect(page.get_by_test_id("own")).to_have_attribute("data-firing", "received")
    assert house.open()[0]["zone"] == "lillefjord/moterom"
