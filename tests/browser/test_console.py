"""The console in the hands of guards: what appears, what they do, what the server refuses, what others see of it."""

from playwright.sync_api import Page, Route, expect

from tests.browser.house import PHONE, TEXTS, House, Visit, Watched, answering, asked, row, said

FIRST_STAGE = "unanswered"


def choose(page: Page, alarm: str) -> None:
    row(page, alarm).click()
    expect(page.get_by_test_id("detail")).to_have_attribute("data-detail", alarm)


def stage(page: Page, alarm: str, wanted: str) -> None:
    expect(row(page, alarm)).to_have_attribute("data-stage", wanted)


def test_a_press_is_a_row_a_place_a_pin_and_a_number_in_the_title(house: House, visit: Visit) -> None:
    page = visit("ola")
    expect(page.get_by_test_id("empty")).to_be_visible()
    expect(page).to_have_title(TEXTS["nb"]["app.console"])
    alarm = house.press("skranke-1")
    expect(row(page, alarm)).to_contain_text("Skranke")
    expect(page).to_have_title(said("title.unanswered", n=1))
    opened = house.open()[0]["opened_at"]
    late = page.evaluate("([id, opened]) => window.firstSeen[id] - Date.parse(opened)", [alarm, opened])
    assert late < 1000
    expect(page.get_by_test_id("detail").get_by_role("heading", name="Skranke")).to_be_visible()
    expect(page.get_by_test_id("plan").get_by_role("img", name=said("plan.here"))).to_be_visible()
    expect(page.locator("[data-room='lillefjord/skranke']")).to_have_attribute("data-pressed", "true")
    expect(page.get_by_test_id("next")).to_contain_text(said("detail.next"))
    expect(page.get_by_test_id("timeline").locator("[data-event=step_due]").first).to_contain_text("Kari Skranke")
    house.press("room-101")
    expect(page).to_have_title(said("title.unanswered", n=2))


def test_an_answer_on_one_console_is_seen_on_the_other_and_on_the_phone(house: House, visit: Visit) -> None:
    ola, per, siri = visit("ola"), visit("per"), visit("siri", PHONE)
    alarm = house.press("room-201")
    choose(ola, alarm)
    expect(row(siri, alarm)).to_be_visible()
    ola.get_by_test_id("act-acknowledge").click()
    expect(row(per, alarm)).to_contain_text("Ola Vakt")
    stage(per, alarm, "answered")
    expect(per.get_by_test_id("timeline").locator("[data-event=acknowledged]")).to_contain_text("Ola Vakt")
    expect(per.get_by_test_id("say-news")).to_contain_text("Ola Vakt")
    expect(row(siri, alarm)).to_contain_text("Ola Vakt")
    # Enough are coming: the chain's clock stands, and what counts is when he must be there.
    for page in (ola, per):
        expect(page.get_by_test_id("arrive-by")).to_be_visible()
        expect(page.get_by_test_id("next")).to_have_count(0)


def test_two_who_answer_at_once_are_both_taken_at_their_word(house: House, visit: Visit) -> None:
    alarm = house.press("room-201")
    pages = [visit("ola"), visit("per")]
    held: list[Route] = []

    def together(route: Route) -> None:
        held.append(route)
        if len(held) == len(pages):
            for each in held:
                each.continue_()

    for page in pages:
        page.route("**/acknowledge", together)
        choose(page, alarm)
        page.get_by_test_id("act-acknowledge").click()
    for page in pages:
        expect(row(page, alarm)).to_contain_text("+1")
        expect(page.locator("[data-responder=acknowledged]")).to_have_count(2)
        expect(page.get_by_test_id("act-error")).to_have_count(0)
    assert {r["person"] for r in house.open()[0]["responders"]} == {"ola", "per"}


def test_an_action_that_fails_says_what_to_do_and_shows_nothing_as_done(
    house: House, visit: Visit, watched: Watched
) -> None:
    watched.announced.append("status of 500 .*/acknowledge$")
    alarm = house.press("skranke-1")
    page = visit("ola")
    choose(page, alarm)
    with answering(page, "**/acknowledge", 500):
        page.get_by_test_id("act-acknowledge").click()
        expect(page.get_by_test_id("act-error")).to_contain_text(said("fail.trouble", status=500))
    stage(page, alarm, FIRST_STAGE)
    expect(page.get_by_test_id("act-acknowledge")).not_to_have_attribute("aria-disabled", "true")
    page.get_by_test_id("act-acknowledge").click()
    stage(page, alarm, "answered")
    expect(page.get_by_test_id("act-error")).to_have_count(0)


def test_what_no_longer_fits_tells_how_it_stands(house: House, visit: Visit, watched: Watched) -> None:
    watched.announced.append("status of 409 .*/resolve$")
    alarm = house.press("skranke-1")
    page = visit("ola")
    choose(page, alarm)
    page.get_by_test_id("act-resolve").click()
    page.get_by_label(said("outcome.false")).check()
    page.get_by_test_id("panel-text").fill("Ingen fare.")

    def overtaken(route: Route) -> None:
        house.act(alarm, "resolve", "per", outcome="false", reason="Vi var der.")
        route.continue_()

    page.route("**/resolve", overtaken)
    page.get_by_test_id("panel-submit").click()
    stage(page, alarm, "closed")
    expect(page.get_by_test_id("act-error")).to_contain_text(said("fail.conflict", state=TEXTS["nb"]["state.resolved"]))


def test_a_new_alarm_takes_nothing_from_who_is_writing(house: House, visit: Visit) -> None:
    first = house.press("skranke-1")
    page = visit("ola")
    choose(page, first)
    answers = asked(page, "/v1/alarms/")
    page.get_by_test_id("act-resolve").click()
    text = page.get_by_test_id("panel-text")
    text.click()
    text.press_sequentially("Takk ")
    second = house.press("room-101")
    expect(row(page, second)).to_be_visible()
    expect(page.get_by_test_id("say-alert")).to_contain_text("Samtalerom 101")
    page.keyboard.type("kvafe")
    expect(text).to_have_value("Takk kvafe")
    expect(text).to_be_focused()
    expect(page.get_by_test_id("detail")).to_have_attribute("data-detail", first)
    choose(page, second)
    choose(page, first)
    expect(text).to_have_value("Takk kvafe")
    assert answers == []


def test_the_whole_way_by_keys_alone(house: House, visit: Visit) -> None:
    page = visit("ola")
    other = house.press("room-101")
    alarm = house.press("room-201")
    expect(row(page, alarm)).to_be_visible()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    expect(row(page, other)).to_have_attribute("aria-current", "true")
    page.keyboard.press("ArrowDown")
    expect(row(page, alarm)).to_be_focused()
    for key, reached in (("k", "answered"), ("v", "on_way"), ("f", "arrived")):
        page.keyboard.press(key)
        stage(page, alarm, reached)
    page.keyboard.press("a")
    expect(page.get_by_test_id("panel-resolve")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Roet seg.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    stage(page, alarm, "closed")
    stage(page, other, FIRST_STAGE)
    expect(page.get_by_test_id("panel-resolve")).to_have_count(0)


def test_keys_that_are_switched_off_stay_off(house: House, visit: Visit) -> None:
    alarm = house.press("skranke-1")
    page = visit("ola")
    page.keyboard.press("?")
    page.get_by_test_id("keys-on").uncheck()
    page.reload()
    choose(page, alarm)
    answers = asked(page, "/acknowledge$")
    page.keyboard.press("k")
    page.get_by_test_id("act-en_route").click()
    stage(page, alarm, "on_way")
    assert answers == []


def test_a_drill_is_named_and_the_real_one_beside_it_too(house: House, visit: Visit) -> None:
    page = visit("ola")
    started = house.daemon.post("/v1/drills", {"zone": "lillefjord/kontor", "kind": "panic"}, "admin")
    assert started.status_code == 202, started.text
    expect(page.get_by_test_id("drill")).to_contain_text(said("drill.banner"))
    real = house.press("skranke-1")
    expect(row(page, real)).to_contain_text(said("drill.real"))
    expect(page.locator("[data-group=unanswered] [data-alarm]").first).to_have_attribute("data-alarm", real)


def test_a_helper_who_needs_help_himself_stands_on_top_and_it_says_whose_it_is(house: House, visit: Visit) -> None:
    page = visit("ola")
    first, waiting = house.press("room-201"), house.press("skranke-1")
    house.act(first, "en_route", "ola")
    pressed = house.daemon.post("/v1/signals", {"zone": "lillefjord/room-101"}, "press", "--person", "ola")
    own = pressed.json()["alarm"]
    expect(row(page, own)).to_contain_text(said("linked.to", who="Ola Vakt", place="Samtalerom 201"))
    rows = page.get_by_test_id("alarm-list").locator("[data-alarm]")
    expect(rows.first).to_have_attribute("data-alarm", own)
    expect(rows.nth(1)).to_have_attribute("data-alarm", first)
    expect(rows.nth(2)).to_have_attribute("data-alarm", waiting)
    choose(page, first)
    expect(page.get_by_test_id("timeline")).to_contain_text(TEXTS["nb"]["reason.needs_help"])
    choose(page, own)
    expect(page.get_by_test_id("detail")).to_contain_text(said("linked.to", who="Ola Vakt", place="Samtalerom 201"))
    expect(page.get_by_test_id("say-alert")).to_contain_text("Ola Vakt")


def test_a_press_while_somebody_is_coming_asks_him_once_more(house: House, visit: Visit) -> None:
    page = visit("ola")
    alarm = house.press("room-201")
    choose(page, alarm)
    acknowledge = page.get_by_test_id("act-acknowledge")
    acknowledge.click()
    expect(page.get_by_test_id("arrive-by")).to_be_visible()
    expect(acknowledge).to_be_disabled()
    house.daemon.post("/v1/signals", {"zone": "lillefjord/room-201"}, "press", "--person", "kari")
    expect(page.get_by_test_id("next")).to_be_visible()
    expect(page.get_by_test_id("timeline")).to_contain_text(TEXTS["nb"]["reason.pressed_again"])
    acknowledge.click()
    expect(page.get_by_test_id("arrive-by")).to_be_visible()
    expect(page.get_by_test_id("next")).to_have_count(0)
