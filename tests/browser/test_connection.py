"""The daemon falls silent, dies and comes again: the console says so, offers nothing it cannot do, loses nothing."""

import os
import resource
import signal

from playwright.sync_api import Page, expect

from tests.browser.house import PHONE, House, Visit, Watched, row, said

NO_ANSWER = (r"WebSocket connection to .* failed", r"net::ERR_")


def state(page: Page, wanted: str) -> None:
    expect(page.get_by_test_id("connection")).to_have_attribute("data-connection", wanted)


def test_a_daemon_that_hangs_is_told_of_and_nothing_can_be_pressed(
    house: House, visit: Visit, watched: Watched
) -> None:
    watched.announced.extend(NO_ANSWER)
    alarm = house.press("skranke-1")
    page = visit("ola", clock=True)
    expect(page.get_by_test_id("detail")).to_have_attribute("data-detail", alarm)
    os.kill(house.daemon.pid, signal.SIGSTOP)
    try:
        page.clock.fast_forward(8_000)
        state(page, "slow")
        page.clock.fast_forward(8_000)
        state(page, "lost")
        expect(page.get_by_test_id("lost")).to_contain_text(said("connection.banner"))
        expect(page).to_have_title(said("title.lost"))
        for verb in ("acknowledge", "en_route", "arrived", "resolve", "escalate", "note"):
            expect(page.get_by_test_id(f"act-{verb}")).to_have_attribute("aria-disabled", "true")
        page.keyboard.press("k")
        expect(row(page, alarm)).to_have_attribute("data-stage", "unanswered")
    finally:
        os.kill(house.daemon.pid, signal.SIGCONT)
    state(page, "live")
    expect(page.get_by_test_id("lost")).to_have_count(0)
    expect(page.get_by_test_id("act-acknowledge")).not_to_have_attribute("aria-disabled", "true")
    assert house.open()[0]["responders"] == []


def test_a_daemon_killed_in_mid_alarm_comes_back_to_the_same_alarm_with_what_was_missed(
    house: House, visit: Visit, watched: Watched
) -> None:
    watched.announced.extend(NO_ANSWER)
    alarm = house.press("room-101")
    other = house.press("room-201")
    page = visit("ola", clock=True)
    row(page, alarm).click()
    page.get_by_test_id("act-en_route").click()
    expect(row(page, alarm)).to_have_attribute("data-stage", "on_way")
    before = _open(house)[alarm]
    house.daemon.kill()
    state(page, "slow")
    page.clock.fast_forward(16_000)
    state(page, "lost")
    house.daemon.do("press", "skranke-1", "--ref", "while-away")
    house.daemon.start()
    state(page, "live")
    expect(page.get_by_test_id("back")).to_have_text(said("connection.back_other"))
    missed = next(a for a in house.open() if a["device"] == "skranke-1")["id"]
    for each in (alarm, other, missed):
        expect(row(page, each)).to_have_count(1)
    expect(page.get_by_test_id("detail")).to_have_attribute("data-detail", alarm)
    expect(row(page, alarm)).to_have_attribute("data-stage", "on_way")
    expect(page.get_by_test_id("arrive-by")).to_be_visible()
    after = _open(house)[alarm]
    assert after["responders"] == before["responders"]
    assert after["version"] == before["version"]
    positions = [event["position"] for event in house.daemon.get(f"/v1/alarms/{missed}").json()["timeline"]]
    assert len(positions) == len(set(positions))
    row(page, missed).click()
    expect(page.locator("[data-event=raised]")).to_have_count(1)


def test_a_phone_without_contact_says_so_before_the_press(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.extend(NO_ANSWER)
    page = visit("kari", PHONE, clock=True)
    os.kill(house.daemon.pid, signal.SIGSTOP)
    try:
        page.clock.fast_forward(16_000)
        expect(page.get_by_test_id("offline")).to_contain_text("112")
    finally:
        os.kill(house.daemon.pid, signal.SIGCONT)
    state(page, "live")
    expect(page.get_by_test_id("offline")).to_have_count(0)


def test_a_store_that_takes_nothing_is_told_of_until_it_does(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.append(r"status of 503")
    page = visit("ola", clock=True)
    state(page, "live")
    taken = max(file.stat().st_size for file in house.daemon.folder.glob("alarmd.db*"))
    before = resource.prlimit(house.daemon.pid, resource.RLIMIT_FSIZE, (taken, resource.RLIM_INFINITY))
    while house.daemon.press("skranke-1").status_code != 503:
        """Until the disk is full."""
    expect(page.get_by_test_id("store-away")).to_contain_text(said("store.banner"))
    resource.prlimit(house.daemon.pid, resource.RLIMIT_FSIZE, before)
    assert house.daemon.press("skranke-1").status_code == 202
    expect(page.get_by_test_id("store-away")).to_have_count(0)


def _open(house: House) -> dict[str, dict[str, object]]:
    return {alarm["id"]: alarm for alarm in house.open()}
