"""The HTTP client of every channel, and what its failures mean. Called by the channels; knows no provider.

A failure before the request was sent may be tried again at once; one after it leaves unknown whether somebody was told,
and says so. No request waits here for a free connection: how many are under way is bounded by the outbox, which could
not look at the alarm again while its message stood in a queue of ours.
"""

import aiohttp

from alarmd.alarm.model import AttemptState
from alarmd.ports import Message, Outcome

TIMEOUT = 10.0
"""Seconds for a whole request."""
CONNECT = 5.0
"""Seconds for a connection."""
WAITS = (1.0, 2.0, 4.0)
"""Seconds before the second, third and any later try."""


def open_session(timeout: float = TIMEOUT) -> aiohttp.ClientSession:
    """A session inside the running loop; close it. Follows no redirect by itself and keeps no cookie."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
        timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT, timeout)),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def wait_before_next(message: Message) -> float:
    """Seconds until this contact may be tried once more."""
    found = message.alarm.find(message.attempt)
    return WAITS[min(found[1].tried if found else 0, len(WAITS) - 1)]


def of_fault(fault: aiohttp.ClientError | TimeoutError, wait: float) -> Outcome:
    """A request that got no answer."""
    match fault:
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return Outcome(AttemptState.FAILED, "invalid_address")
        case aiohttp.ClientSSLError():
            return Outcome(AttemptState.FAILED, "no_safe_connection")
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Outcome(AttemptState.FAILED, "no_connection", again_in=wait)
        case TimeoutError():
            return Outcome(AttemptState.UNKNOWN, "timeout", again_in=wait)
        case _:
            return Outcome(AttemptState.UNKNOWN, "connection_lost", again_in=wait)


def of_status(status: int, wait: float) -> Outcome:
    """An answer that is not 2xx."""
    match status:
        case 429:
            return Outcome(AttemptState.FAILED, "too_many", again_in=wait)
        case 401 | 403:
            return Outcome(AttemptState.FAILED, "not_allowed")
        case _ if status >= 500 or status == 408:
            return Outcome(AttemptState.FAILED, "provider_trouble", again_in=wait)
        case _:
            return Outcome(AttemptState.FAILED, "refused")
