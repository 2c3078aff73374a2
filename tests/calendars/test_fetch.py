"""How a calendar is fetched: what is there, what has not changed, and all that is refused. No address with its key ever
stands in a fault.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from alarmd.calendars import fetch
from alarmd.calendars.fetch import LONGEST, Found, from_file, from_web, open_session
from alarmd.errors import Unreadable
from tests.support.calendar_server import Answer, CalendarServer, calendar_server
from tests.support.servers import HOST, free_port


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with calendar_server() as one:
        yield one


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as one:
        yield one


async def refused(session: aiohttp.ClientSession, url: str, conditions: dict[str, str] | None = None) -> str:
    with pytest.raises(Unreadable) as fault:
        await from_web(session, url, conditions or {})
    assert "s3cret" not in str(fault.value)
    assert fault.value.__context__ is None or fault.value.__suppress_context__, "nor in what a trace would show"
    return str(fault.value)


class TestWeb:
    async def test_what_is_there_and_by_what_it_is_known_again(
        self, server: CalendarServer, session: aiohttp.ClientSession
    ) -> None:
        server.says(b"BEGIN", {"ETag": '"7"', "Last-Modified": "Mon, 01 Mar 2027 09:00:00 GMT"})
        found = await from_web(session, server.url, {})
        assert found == Found(b"BEGIN", {"If-None-Match": '"7"', "If-Modified-Since": "Mon, 01 Mar 2027 09:00:00 GMT"})
        path, headers = server.asked[0]
        assert path == "/duty.ics?key=s3cret"
        assert headers["Accept-Encoding"] == "identity"
        assert headers["User-Agent"] == "alarmd"
        server.says(b"", status=304)
        assert await from_web(session, server.url, found.conditions) is None
        assert server.asked[1][1]["If-None-Match"] == '"7"'
        assert "(304)" in await refused(session, server.url), "nobody asked whether it has changed"

    async def test_a_name_and_a_password_in_the_address(
        self, server: CalendarServer, session: aiohttp.ClientSession
    ) -> None:
        server.says(b"BEGIN")
        await from_web(session, server.url.replace("http://", "http://ola:s3cret@"), {})
        assert server.asked[0][1]["Authorization"].startswith("Basic ")
        server.says(b"", status=401)
        found = await refused(session, server.url.replace("http://", "http://ola:s3cret@"))
        assert found == f"{HOST} wants to know who asks (401)"

    async def test_a_written_localhost_is_meant(self, server: CalendarServer, session: aiohttp.ClientSession) -> None:
        server.says(b"BEGIN")
        assert await from_web(session, server.url.replace(HOST, "localhost"), {}) == Found(b"BEGIN", {})

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (Answer(status=403), "does not let us in (403)"),
            (Answer(status=404), "has no such calendar (404)"),
            (Answer(status=500), "answers with a fault (500)"),
            (Answer(b"x" * (LONGEST + 1)), f"gives more than {LONGEST} bytes"),
            (Answer(b"x" * 65536, pieces=10_000), f"gives more than {LONGEST} bytes"),
            (Answer(b"x", headers={"Content-Encoding": "gzip"}), "answers with packed data"),
            (Answer(status=302), "sends us from one address to the next"),
            (Answer(status=302, headers={"Location": "ftp://x.example/s3cret"}), "to an address that is not safe"),
            (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "to an address that is not safe"),
            (Answer(status=302, headers={"Location": "http://[s3cret/"}), "no web address"),
        ],
    )
    async def test_what_is_no_calendar_is_refused(
        self, server: CalendarServer, session: aiohttp.ClientSession, answer: Answer, words: str
    ) -> None:
        server.answer = lambda _: answer
        assert words in await refused(session, server.url)
        assert len(server.asked) <= 4

    async def test_one_of_the_greatest_length_is_taken(
        self, server: CalendarServer, session: aiohttp.ClientSession
    ) -> None:
        server.says(b"x" * LONGEST)
        found = await from_web(session, server.url, {})
        assert found
        assert len(found.raw) == LONGEST

    async def test_a_redirect_is_followed_and_a_new_condition_kept(
        self, server: CalendarServer, session: aiohttp.ClientSession
    ) -> None:
        def answer(path: str) -> Answer:
            return Answer(b"BEGIN") if path == "/there" else Answer(status=308, headers={"Location": "/there"})

        server.answer = answer
        assert await from_web(session, server.url, {}) == Found(b"BEGIN", {})

    @pytest.mark.parametrize(
        "there",
        [
            "http://localhost:{port}/",
            "http://127.0.0.1:9/",
            "http://127.1.2.3:{port}/",
            "http://[::1]:{port}/",
            "http://[::ffff:127.0.0.1]:{port}/",
            "http://0.0.0.0:{port}/",
            "http://169.254.169.254/latest/meta-data/",
            "http://[fe80::1%25eth0]/",
            "http://[fd00:ec2::254]/",
            "http://100.100.100.200/",
            "http://224.0.0.1/",
        ],
    )
    async def test_nobody_sends_us_to_this_machine_or_to_a_clouds_secrets(
        self, server: CalendarServer, session: aiohttp.ClientSession, there: str
    ) -> None:
        location = there.format(port=server.port)
        server.answer = lambda _: Answer(status=307, headers={"Location": location})
        words = f"{HOST} sends us to this machine itself, or to a link-local address"
        assert await refused(session, server.url) == words
        assert len(server.asked) == 1

    @pytest.mark.parametrize("host", ["0x7f000001", "roster.example"])
    async def test_no_name_leads_to_this_machine_unseen(
        self, server: CalendarServer, session: aiohttp.ClientSession, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither by odd ways to write a number, nor by what somebody's name server says today."""

        async def resolved(*_: object, **__: object) -> list[dict[str, object]]:
            return [
                {"hostname": host, "host": HOST, "port": server.port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            ]

        monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolved)
        words = f"{host} leads to this machine itself, or to a link-local address; write the address out if you mean it"
        assert await refused(session, server.url.replace(HOST, host)) == words
        assert server.asked == []

    async def test_from_a_safe_address_to_one_that_is_not(self) -> None:
        class Given:
            headers = {"Location": "http://x.example/s3cret"}  # noqa: RUF012 - one answer of one test

        with pytest.raises(Unreadable, match="not safe"):
            fetch._next(URL("https://x.example/"), Given())  # type: ignore[arg-type]  # all that is read of it

    async def test_webcal_is_https(self, session: aiohttp.ClientSession) -> None:
        port = free_port()
        for scheme in ("webcal", "webcals"):
            assert fetch._over_https(URL(f"{scheme}://x.example/a")) == URL("https://x.example/a")
            assert await refused(session, f"{scheme}://{HOST}:{port}/s3cret") == f"{HOST} cannot be reached"

    async def test_one_that_does_not_speak_tls(self, server: CalendarServer, session: aiohttp.ClientSession) -> None:
        assert HOST in await refused(session, server.url.replace("http:", "https:"))

    async def test_one_that_is_not_there_or_says_nothing(
        self, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert await refused(session, f"http://{HOST}:{free_port()}/s3cret") == f"{HOST} cannot be reached"
        assert await refused(session, "http://[s3cret/") == "there is no such web address"
        monkeypatch.setattr(fetch, "SECONDS", 0.2)
        with socket.create_server((HOST, 0)) as mute:
            async with open_session() as hasty:
                url = f"http://{HOST}:{mute.getsockname()[1]}/s3cret"
                assert await refused(hasty, url) == f"{HOST} does not answer in time"

    async def test_one_that_hangs_up(self, session: aiohttp.ClientSession) -> None:
        def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(hang_up, HOST, 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            assert await refused(session, f"http://{HOST}:{port}/s3cret") == f"{HOST} has broken off"


class TestFiles:
    async def test_what_is_there(self, tmp_path: Path) -> None:
        file = tmp_path / "vakt ø.ics"
        file.write_bytes(b"BEGIN")
        assert await from_file(str(file)) == Found(b"BEGIN", {})

    async def test_what_is_no_file_is_refused_at_once(self, tmp_path: Path) -> None:
        pipe, long = tmp_path / "pipe", tmp_path / "long"
        os.mkfifo(pipe)
        long.write_bytes(b"x" * (LONGEST + 1))
        for path, words in (
            (str(tmp_path / "nowhere"), ": No such file or directory"),
            (str(tmp_path), ": Is a directory"),
            (str(pipe), ": this is no file"),
            ("/dev/zero", ": this is no file"),
            (str(long), f" gives more than {LONGEST} bytes"),
            ("nul\0", ": this is no path"),
        ):
            with pytest.raises(Unreadable) as fault:
                await from_file(path)
            assert str(fault.value).startswith(f"{path}{words}")
