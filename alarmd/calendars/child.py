"""The process that reads one calendar: from stdin, to stdout, and no longer than it may. Started by `process.py`."""

import os
import resource
import sys
import warnings

from alarmd.alarm.times import moment
from alarmd.calendars.events import events
from alarmd.calendars.process import MEMORY, SECONDS, telling
from alarmd.errors import Unreadable


def main(zone: str, start: str, end: str) -> None:
    """Read and write, behind everything else that this machine has to do."""
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS // 2, SECONDS // 2))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")  # the library warns of guesses about time zones that are as good as any
    try:
        said = events(sys.stdin.buffer.read(), zone, moment(start), moment(end))
    except Unreadable as fault:
        sys.stdout.buffer.write(telling(fault))
    else:
        sys.stdout.buffer.write(telling(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
