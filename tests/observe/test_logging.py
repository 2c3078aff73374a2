"""Log lines: one form for ours and the libraries', and no number and no key in any of them."""

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from alarmd.access.secrets import make_key
from alarmd.observe.logging import MASK, bind_alarm, configure


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root, shown = logging.root, warnings.showwarning
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure("json", stream)
    yield stream
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)
    warnings.showwarning = shown
    structlog.reset_defaults()


def library(name: str) -> logging.Logger:
    return logging.getLogger(name)  # noqa: TID251 - as a library gets its own


def told(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_and_says_which_alarm_it_is_about(lines: io.StringIO) -> None:
    log = structlog.get_logger()
    with bind_alarm("a-1"):
        log.info("told", person="ola", attempt=3)
    log.debug("not shown")
    log.info("after")
    first, second = told(lines)
    assert (first["event"], first["alarm"], first["person"], first["attempt"]) == ("told", "a-1", "ola", 3)
    assert first["level"] == "info"
    assert str(first["timestamp"]).endswith("Z")
    assert "alarm" not in second


@pytest.mark.parametrize(
    "secret",
    [
        "+4790000021",
        "+47 900 00 021",
        "+47-900-00-021",
        "%2B4790000021",
        "004790000021",
        "+1 (202) 555-0100",
        pytest.param(make_key(), id="a key of ours"),
    ],
)
def test_what_looks_like_a_number_or_a_key_is_masked_wherever_it_stands(lines: io.StringIO, secret: str) -> None:
    log = structlog.get_logger()
    event = f"to {secret}"
    log.info(event, deep={"list": [secret, (secret,)]}, error=ValueError(secret))
    library("some.library").warning("calls %s", secret)
    try:
        int(f"{secret}, which is no number")
    except ValueError:
        log.exception("broke")
    assert secret not in lines.getvalue()
    assert lines.getvalue().count(MASK) >= 6
    assert "ValueError" in lines.getvalue()


def test_keys_and_cookies_of_others_are_masked_by_where_they_stand(lines: io.StringIO) -> None:
    structlog.get_logger().info("sent", header="Authorization: Bearer abc.def", cookie="alarmd_session=q_2-x; a=b")
    assert "abc.def" not in lines.getvalue()
    assert "q_2-x" not in lines.getvalue()
    assert "a=b" in lines.getvalue()


@pytest.mark.parametrize(
    "kept",
    [
        "2027-03-28T01:30:00.000+00:00",
        "019acd2e-0f0b-7000-8000-000000000000",
        "position 1234567890",
        "127.0.0.1:8080",
        "0.000123456789",
        "1 + 2",
    ],
)
def test_times_ids_and_figures_are_left_alone(lines: io.StringIO, kept: str) -> None:
    structlog.get_logger().info("kept", value=kept)
    assert told(lines)[0]["value"] == kept


def test_libraries_come_out_the_same_way_and_the_talkative_ones_only_when_they_warn(lines: io.StringIO) -> None:
    library("uvicorn.error").info("Started server process")
    library("twilio.http_client").info("POST Request: body")
    library("twilio.http_client").warning("odd")
    assert [(line["logger"], line["event"]) for line in told(lines)] == [
        ("uvicorn.error", "Started server process"),
        ("twilio.http_client", "odd"),
    ]


def test_on_a_terminal_a_line_is_for_people() -> None:
    stream = io.StringIO()
    root = logging.root
    handlers, level = root.handlers, root.level
    try:
        configure("console", stream)
        structlog.get_logger().warning("fault", cause="mqtt", to="+4790000021")
    finally:
        root.handlers, root.level = handlers, level
        structlog.reset_defaults()
        logging.captureWarnings(capture=False)
    assert "fault" in stream.getvalue()
    assert "cause=mqtt" in stream.getvalue()
    assert "+47" not in stream.getvalue()


def test_a_line_that_cannot_be_written_stops_nobody(capsys: pytest.CaptureFixture[str], lines: io.StringIO) -> None:
    class Unspeakable:
        def __repr__(self) -> str:
            raise OSError("no words")

    number = "+4790000021"
    structlog.get_logger().info("odd", value=Unspeakable(), to=number)
    lines.close()
    structlog.get_logger().info("nobody reads this")
    told = capsys.readouterr().err
    assert "no words" in told
    assert number not in told
