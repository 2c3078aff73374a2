"""A running daemon follows a calendar: its own process, a real web server, the calendar's own process."""

from pathlib import Path
from zlib import crc32

from tests.live.test_daemon import until
from tests.support.calendar_server import calendar_server
from tests.support.daemon import OFFICE, daemon
from tests.support.ics import calendar, event

NODE = min((f"node-{number}" for number in range(200)), key=lambda name: crc32(name.encode()))
"""One that looks within a second of its start."""
SCHEDULED = OFFICE.replace("chains:", "schedules: {duty: {calendar: {url: 'URL'}}}\nchains:")
ALWAYS = ("DTSTART:20260101T000000Z", "DURATION:P1D", "RRULE:FREQ=DAILY")


def test_what_a_calendar_says_anew_holds_within_moments_and_its_key_is_nowhere_told(tmp_path: Path) -> None:
    with calendar_server() as server, daemon(tmp_path, node_name=NODE) as one:
        server.says(calendar(event("ola", *ALWAYS)), {"ETag": '"1"'})
        one.apply(SCHEDULED.replace("URL", server.url))
        assert one.do("oncall", "duty").endswith(": ola\n")
        server.says(calendar(event("kari", *ALWAYS)), {"ETag": '"2"'})
        one.start()
        until(lambda: one.get("/v1/schedules/duty/oncall").json()["people"] == ["kari"])
        assert "SUMMARY:Kari Prøve" in one.get("/v1/schedules/duty.ics").text
        assert one.do("oncall", "duty").endswith(": kari\n")
        assert "s3cret" not in one.get("/v1/organisation").text
        assert one.get("/v1/organisation").json()["version"] == 3
        one.stop()
        server.says(b"", status=503)
        asked = len(server.asked)
        one.start()
        until(lambda: len(server.asked) > asked and "calendar not taken" in one.log)
        assert one.get("/v1/schedules/duty/oncall").json()["people"] == ["kari"], "what is known is kept"
        one.stop()
        assert "calendars taken" in one.log
        assert "s3cret" not in one.log
        assert "Traceback" not in one.log
        assert one.do("verify").startswith("the log is whole")
