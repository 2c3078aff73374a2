"""What a press is on the wire. PURE. Here is the place for other makers' buttons: one function each, from a press to
the bytes that such a button would send.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from alarmd.alarm.times import stamp
from alarmd.rehearsal.storm.plan import Press


def native(press: Press, now: datetime) -> dict[str, str]:
    """The body that the contract describes, without the device. Said again it is the same, so it is made once."""
    body = {"ref": press.ref}
    if press.kind is not None:
        body["kind"] = press.kind.value
    if press.late is not None:
        body["pressed_at"] = stamp(now - timedelta(seconds=press.late))
    return body


def garbled(press: Press, body: Mapping[str, str]) -> bytes:
    """The same, spoilt on the way. It must raise all the same."""
    ways = (
        json.dumps(body)[:-4].encode(),
        b"\xff\xfe" + json.dumps(body).encode("utf-16-le"),
        json.dumps(list(body)).encode(),
        json.dumps({**body, "kind": "PANIKK"}).encode(),
        json.dumps({**body, "ref": press.number}).encode(),
    )
    assert press.garbled is not None
    return ways[press.garbled]
