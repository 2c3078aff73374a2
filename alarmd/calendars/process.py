"""A calendar's bytes -> what it says, by a process of its own: text from outside may ask for more time and memory than
anybody has, and a thread cannot be ended. `child.py` is that process; here it is started, waited for and, when it
takes too long or nobody waits any more, killed.
"""

import asyncio
import json
import sys
from datetime import datetime

from alarmd.alarm.times import moment, stamp
from alarmd.errors import Unreadable
from alarmd.organisation.roster import Entry, Said

SECONDS = 20
"""By the wall, for a busy machine; `child.py` allows itself half of that on the processor."""
MEMORY = 512 * 1024 * 1024
"""Bytes of address space."""
LONGEST = 2_000_000
"""Bytes that it may write: what is read here is read in one go."""


async def understood(raw: bytes, zone: str, span: tuple[datetime, datetime]) -> Said:
    """What a calendar says of a span (aware UTC). `zone` is the organisation's. Raises Unreadable."""
    start, end = map(stamp, span)
    command = (sys.executable, "-I", "-m", "alarmd.calendars.child", zone, start, end)
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=nothing)
    except OSError as fault:
        raise Unreadable(f"this machine cannot start the process that reads it: {fault.strerror}") from None
    try:
        async with asyncio.timeout(SECONDS):
            written, _ = await process.communicate(raw)
    except TimeoutError:
        raise Unreadable("it takes too long to read; look for repetitions without number") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Unreadable("it takes more time or memory to read than any calendar should")
    return await asyncio.to_thread(told, written)


def telling(said: Said | Unreadable) -> bytes:
    """What the process writes."""
    if isinstance(said, Unreadable):
        return json.dumps({"fault": str(said)}).encode()
    entries = [[stamp(each.start), stamp(each.end), each.text, *each.addresses] for each in said.entries]
    unclear = {words: first and stamp(first) for words, first in said.unclear.items()}
    written = json.dumps({"entries": entries, "until": stamp(said.until), "unclear": unclear}).encode()
    return written if len(written) <= LONGEST else telling(Unreadable("it says more than any list of duties should"))


def told(written: bytes) -> Said:
    """What the process has written. Raises Unreadable."""
    found = json.loads(written)
    if "fault" in found:
        raise Unreadable(found["fault"])
    entries = (
        Entry(moment(start), moment(end), text, tuple(addresses)) for start, end, text, *addresses in found["entries"]
    )
    unclear = {words: first and moment(first) for words, first in found["unclear"].items()}
    return Said(tuple(entries), moment(found["until"]), unclear)
