"""What the page gets: its files, its live stream, the habits, and that a server with open pages can stop."""

import asyncio
import json
import re
from typing import Any

import aiohttp
import pytest

from alarmd.rehearsal.live import Watch
from alarmd.rehearsal.page_server import FILES
from tests.rehearsal.world import KARI, OLA, STRANGER, TWILIO_WARNS, World

pytestmark = TWILIO_WARNS


async def test_the_page_needs_nothing_from_elsewhere(rehearsal: World) -> None:
    async with rehearsal.http.get(rehearsal.url + "/") as response:
        page = await response.text()
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert not re.search(r"<style|style=|<script>|onclick=", page)
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        async with rehearsal.http.get(f"{rehearsal.url}/{name}") as response:
            assert response.status == 200, name
            assert "http://" not in (await response.text()).replace("http://www.w3.org/", "")


def test_every_language_says_everything() -> None:
    words = (FILES / "texts.js").read_text()
    languages = re.findall(r"^  (\w+): \{\n(.*?)^  \}", words, re.MULTILINE | re.DOTALL)
    entry = re.compile(r'^    "?([\w-]+)"?: "(.*)",$', re.MULTILINE)
    keys = {
        language: {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in entry.findall(block)}
        for language, block in languages
    }
    assert list(keys) == ["nb", "nn", "en"]
    assert keys["nb"] == keys["nn"] == keys["en"]
    assert len(keys["nb"]) > 40


async def test_an_open_page_sees_a_text_come(rehearsal: World) -> None:
    async with rehearsal.http.get(rehearsal.url + "/phones/live") as stream:
        assert stream.content_type == "text/event-stream"
        name, cards = await frame(stream.content)
        assert (name, [card["name"] for card in cards]) == ("all", ["Ola Nes", "Kari Berg"])
        await rehearsal.text(STRANGER, "hei der")
        name, cards = await frame(stream.content)
        assert (name, cards[0]["number"], cards[0]["texts"][0]["body"]) == ("changed", STRANGER, "hei der")
        await rehearsal.until(lambda: len(rehearsal.alarmd.told) == 2)
        seen = [cards[0]["texts"][0]["status"]]
        while seen[-1] != "delivered":
            rehearsal.clock.move(1)
            seen.append((await frame(stream.content))[1][0]["texts"][0]["status"])


async def test_a_habit_is_changed_in_part_and_checked(rehearsal: World) -> None:
    await rehearsal.put(KARI, voicemail=True, after=0)
    await rehearsal.put(KARI, answers="press", says="3")
    async with rehearsal.http.get(f"{rehearsal.url}/phones/{KARI}") as response:
        habit = (await response.json())["habit"]
    assert habit == {"answers": "press", "says": "3", "after": 0, "reachable": True, "voicemail": True, "slow": False}
    for wrong in ({"answers": "maybe"}, {"after": -1}, {"mute": True}):
        async with rehearsal.http.put(f"{rehearsal.url}/phones/{KARI}", json=wrong) as response:
            assert response.status == 422
    async with rehearsal.http.put(f"{rehearsal.url}/phones/{STRANGER}", json={}) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_a_switch_matters_while_it_rings(rehearsal: World) -> None:
    await rehearsal.call()
    await rehearsal.until(lambda: rehearsal.exchange.phones.line(OLA))
    await rehearsal.put(OLA, answers="press", after=0)
    await rehearsal.settle(lambda: "in-progress" in rehearsal.alarmd.statuses())


async def test_a_page_of_another_site_cannot_press_keys_here(rehearsal: World) -> None:
    """A foreign page can send JSON only as text/plain without asking first."""
    await rehearsal.text()
    headers = {"Content-Type": "text/plain", "Origin": "http://evil.example"}
    body = json.dumps({"body": "1"})
    async with rehearsal.http.post(f"{rehearsal.url}/phones/{OLA}/texts", data=body, headers=headers) as response:
        assert response.status == 422


@pytest.mark.timeout(20)
async def test_open_pages_end_with_the_exchange(rehearsal: World) -> None:
    async with rehearsal.http.get(rehearsal.url + "/phones/live") as stream:
        await frame(stream.content)
        rehearsal.exchange.close()
        assert await asyncio.wait_for(stream.content.read(), 5) == b""


async def test_a_stream_ends_also_while_something_is_still_to_be_told() -> None:
    watch = Watch()
    watch.note(OLA)
    watch.note(KARI)
    assert await watch.take() == {OLA, KARI}
    watch.note(OLA)
    watch.close()
    assert await watch.take() == frozenset()


async def frame(content: aiohttp.StreamReader) -> tuple[str, list[dict[str, Any]]]:
    event, data, _ = [await content.readline() for _ in range(3)]
    return event.decode().removeprefix("event: ").strip(), json.loads(data.removeprefix(b"data: "))
