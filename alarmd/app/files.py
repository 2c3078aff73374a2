"""How many files and connections this process may have open: as many as the system lets it. The usual limit of 1024 is
one for interactive programs; with 500 consoles and a storm of presses it would refuse a press for being one too many.
Called at the start of the daemon and of a storm.
"""

import resource

ENOUGH = 65_536


def allow_many_files() -> None:
    """Raise our own limit as far as an administrator has allowed it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
