"""One daemon and one browser for all tests of the pages; each test has its own pages and leaves no alarm open."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.house import (
    BROKEN_POLICY,
    CONSOLE,
    DURESS_PIN,
    FIRST_SEEN,
    OFFICE,
    PASSWORD,
    PEOPLE,
    PIN,
    House,
    Visit,
    Watched,
)
from tests.support.daemon import TWILIO, daemon
from tests.support.servers import HOST
from tests.support.telephone import telephone


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium: nothing is downloaded. Its own sandbox does not work for root and in containers."""
    return {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-dev-shm-usage"]}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with telephone() as company, daemon(tmp_path_factory.mktemp("office"), twilio_api_url=company) as one:
        one.settings |= TWILIO  # ways that work: no step is hurried because everything failed
        one.apply(OFFICE)
        for person in PEOPLE:
            one.do("account", "create", "--person", person, typed=PASSWORD)
        one.do("pin", "set", "kari", typed=f"{PIN}\n{DURESS_PIN}\n")
        one.start()
        yield House(one)


@pytest.fixture(scope="session")
def base_url(running: House) -> str:
    """Where pages are opened: `page.goto("/m")`."""
    return running.daemon.url


@pytest.fixture
def house(running: House) -> Iterator[House]:
    """The office with nothing going on."""
    running.calm()
    yield running
    running.calm()


@pytest.fixture
def watched(house: House) -> Iterator[Watched]:
    """What the pages of this test did wrong; a test that provokes a fault adds its pattern to `announced`."""
    one = Watched(house.daemon.url)
    yield one
    assert one.faults() == []


@pytest.fixture
def visit(house: House, watched: Watched, new_context: Callable[..., BrowserContext]) -> Visit:
    def enter(person: str | None, path: str = CONSOLE, *, clock: bool = False, **options: Any) -> Page:
        context = new_context(**{"locale": "nb-NO", "viewport": {"width": 1366, "height": 768}} | options)
        if person is not None:
            context.add_cookies(
                [{"name": "alarmd_session", "value": house.cookie(person), "domain": HOST, "path": "/"}]
            )
        context.add_init_script(BROKEN_POLICY + FIRST_SEEN)
        context.set_default_timeout(10_000)
        page = context.new_page()
        watched.follow(page)
        if clock:
            page.clock.install()
        page.goto(path)
        if person is not None:
            page.locator("[data-connection=live]").wait_for()
        return page

    return enter
