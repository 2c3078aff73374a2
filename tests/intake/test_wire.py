import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alarmd.alarm.effects import Feedback
from alarmd.alarm.incoming import Pressed
from alarmd.alarm.model import Device, Kind
from alarmd.alarm.times import stamp
from alarmd.errors import Malformed
from alarmd.intake import wire
from alarmd.intake.wire import Body, Topic

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine under load is no fault of the parser."""
KEYS = st.sampled_from(["device", "zone", "kind", "ref", "note", "pressed_at", "battery", "other"])


def test_a_whole_body_is_read() -> None:
    body = {
        "device": "desk-3",
        "kind": "duress",
        "ref": "r-1",
        "note": "rom 2",
        "pressed_at": "2027-03-28T03:30:00.1234+02:00",
    }
    at = "2027-03-28T01:30:00.123Z"
    assert wire.read_signal(json.dumps(body).encode()) == Body("desk-3", None, Kind.DURESS, "r-1", "rom 2", at)


def test_only_the_device_is_required_null_is_left_out_and_unknown_keys_are_ignored() -> None:
    assert wire.read_signal(b'{"device":"desk-3"}') == Body("desk-3")
    assert wire.read_signal(b'{"device":"desk-3","kind":null,"ref":null,"colour":7}') == Body("desk-3")


def test_a_press_without_a_device_names_a_zone() -> None:
    assert wire.read_signal({"zone": "fjordvik/room-2", "kind": "panic"}) == Body(
        zone="fjordvik/room-2", kind=Kind.PANIC
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "body: not JSON in UTF-8"),
        (b"{", "body: not JSON in UTF-8"),
        (b'\xff{"device":"x"}', "body: not JSON in UTF-8"),
        ('{"device":"x"}'.encode("utf-16"), "body: not JSON in UTF-8"),
        (b"[" * 50_000, "body: not JSON in UTF-8"),
        (b"[]", "body: a list; expected an object"),
        (b"7", "body: a number; expected an object"),
        (b'"x"', "body: text; expected an object"),
        (b"true", "body: true or false; expected an object"),
        (b"null", "body: null; expected an object"),
        (b" " * 70_000, "body: 70000 bytes; expected at most 65536"),
        (b"{}", "device, zone: neither is there"),
        (b'{"device":"a","zone":"b/c"}', "device, zone: both are there"),
        (b'{"device":7}', "device: a number; expected text"),
        (b'{"device":true}', "device: true or false; expected text"),
        (b'{"device":{}}', "device: an object; expected text"),
        (b'{"device":""}', "device: 0 characters; expected an id"),
        (b'{"device":"d","kind":"rage"}', "kind: 'rage'; expected one of duress, panic, medical"),
        (b'{"device":"d","kind":["panic"]}', "kind: a list; expected text"),
        (b'{"device":"d","ref":57}', "ref: a number; expected text"),
        (b'{"device":"d","ref":""}', "ref: 0 characters; expected 1 to 200"),
        (b'{"device":"d","ref":"%s"}' % (b"x" * 201), "ref: 201 characters; expected 1 to 200"),
        (b'{"device":"d","ref":"a\\u0000b"}', "ref: text with a NUL or half a character"),
        (b'{"device":"d","note":"\\ud83d"}', "note: text with a NUL or half a character"),
        (b'{"device":"d","pressed_at":"soon"}', "pressed_at: no such time; expected RFC 3339"),
        (b'{"device":"d","pressed_at":"2027-03-28T01:30:00"}', "pressed_at: no such time"),
        (b'{"device":"d","pressed_at":"2027-02-30T01:30:00Z"}', "pressed_at: no such time"),
        (b'{"device":"d","pressed_at":"0001-01-01T00:00:00+23:00"}', "pressed_at: no such time"),
        (b'{"device":"d","pressed_at":"2027-W01-1T00:00:00Z"}', "pressed_at: no such time"),
    ],
)
def test_what_cannot_be_read_names_key_found_and_expected(body: bytes, says: str) -> None:
    with pytest.raises(Malformed) as refused:
        wire.read_signal(body)
    assert says in str(refused.value)


def test_a_long_word_is_not_repeated_whole() -> None:
    with pytest.raises(Malformed) as refused:
        wire.read_signal({"device": "d", "kind": "1234" * 100})
    assert len(str(refused.value)) < 200


def test_a_note_that_is_too_long_is_cut_and_not_refused() -> None:
    note = wire.read_signal({"device": "d", "note": "x" * 5000}).note
    assert note is not None
    assert (len(note), note[-1]) == (1000, "…")


def test_lower_case_in_a_time_is_rfc_3339_too() -> None:
    assert (
        wire.read_signal({"device": "d", "pressed_at": "2027-03-28t01:30:00z"}).pressed_at == "2027-03-28T01:30:00.000Z"
    )


def test_an_empty_payload_is_a_press_of_the_devices_own_kind() -> None:
    assert wire.press_of("desk-3", b"") == (Pressed(Device("desk-3"), "desk-3"), None)


def test_the_topic_says_which_device_whatever_the_payload_says() -> None:
    pressed, unreadable = wire.press_of("desk-3", b'{"device":"other","zone":7,"ref":"r"}')
    assert (pressed, unreadable) == (Pressed(Device("desk-3"), "desk-3", ref="r"), None)


def test_an_unreadable_payload_is_a_press_with_a_fault() -> None:
    pressed, unreadable = wire.press_of("desk-3", b"\xff{")
    assert pressed.device == "desk-3"
    assert pressed.fault is not None
    assert pressed.fault == unreadable


def test_an_unreadable_kind_keeps_the_ref_so_that_the_button_gets_its_answer() -> None:
    pressed, unreadable = wire.press_of("desk-3", b'{"ref":"r-1","kind":"rage"}')
    assert (pressed.ref, pressed.kind) == ("r-1", None)
    assert pressed.fault is not None
    assert "rage" in pressed.fault
    assert unreadable == pressed.fault


def test_an_unreadable_note_or_time_takes_nothing_from_a_panic() -> None:
    pressed, unreadable = wire.press_of("desk-3", b'{"kind":"panic","note":7,"pressed_at":"12:30"}')
    assert (pressed.kind, pressed.note, pressed.pressed_at, pressed.fault) == (Kind.PANIC, None, None, None)
    assert unreadable == "note: a number; expected text"


def body_or_fault(payload: bytes) -> Body | str:
    try:
        return wire.read_signal(payload)
    except Malformed as fault:
        return str(fault)


@UNHURRIED
@given(st.binary())
def test_no_bytes_break_the_parser(payload: bytes) -> None:
    pressed, _ = wire.press_of("desk-3", payload)
    assert pressed.device == "desk-3"
    wire.read_battery(payload)
    wire.read_status(payload)
    body_or_fault(payload)


@UNHURRIED
@given(st.dictionaries(KEYS, JSON))
def test_no_json_breaks_the_parser_and_what_it_gives_can_be_stored(fields: dict[str, object]) -> None:
    payload = json.dumps(fields).encode()
    pressed, _ = wire.press_of("desk-3", payload)
    for text in (pressed.ref, pressed.note, pressed.pressed_at, pressed.fault):
        assert text is None or "\0" not in text.encode().decode()
    assert wire.read_battery(payload) in (None, *range(101))
    read = body_or_fault(payload)
    if isinstance(read, Body):
        assert (pressed.kind, pressed.ref) == (read.kind, read.ref)
    else:
        assert read.isprintable()


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)), st.integers(-1439, 1439))  # noqa: DTZ001  # the zone stands beside it
def test_a_time_is_kept_as_the_same_instant(at: datetime, minutes: int) -> None:
    text = at.astimezone(timezone(timedelta(minutes=minutes))).isoformat(timespec="milliseconds")
    assert wire.read_signal({"device": "d", "pressed_at": text}).pressed_at == stamp(at)


@pytest.mark.parametrize(
    ("topic", "is_"),
    [
        ("alarmd/v1/signal/desk-3", (Topic.SIGNAL, "desk-3")),
        ("alarmd/v1/heartbeat/desk-3", (Topic.HEARTBEAT, "desk-3")),
        ("alarmd/v1/status/desk-3", (Topic.STATUS, "desk-3")),
        ("alarmd/v1/feedback/desk-3", None),
        ("alarmd/v1/signal/", None),
        ("alarmd/v1/signal/a/b", None),
        ("alarmd/v2/signal/a", None),
        ("", None),
    ],
)
def test_topics(topic: str, is_: tuple[Topic, str] | None) -> None:
    assert wire.read_topic(topic) == is_


@pytest.mark.parametrize(
    ("payload", "level"),
    [
        (b'{"battery":87}', 87),
        (b'{"battery":86.6}', 87),
        (b'{"battery":0}', 0),
        (b'{"battery":101}', None),
        (b'{"battery":true}', None),
        (b'{"battery":"87"}', None),
        (b'{"battery":NaN}', None),
        (b"{}", None),
        (b"", None),
    ],
)
def test_battery(payload: bytes, level: int | None) -> None:
    assert wire.read_battery(payload) == level


@pytest.mark.parametrize(
    ("payload", "status"),
    [(b"online", "online"), (b' "Offline"\n', "offline"), (b"true", None), (b"", None), (b"\xff", None)],
)
def test_status(payload: bytes, status: str | None) -> None:
    assert wire.read_status(payload) == status


def test_feedback_is_state_alarm_and_ref() -> None:
    payload = wire.feedback_payload("0190", Feedback("e1", "desk-3", "en_route", "r-æ"))
    assert payload == '{"state":"en_route","alarm":"0190","ref":"r-æ"}'.encode()
    assert wire.feedback_topic("desk-3") == "alarmd/v1/feedback/desk-3"
