"""What a provider's answer means for the attempt, and how long to wait before the next try. Called by the channels;
knows no provider.
"""

from alarmd.alarm.model import AttemptState
from alarmd.ports import Message, Outcome

WAITS = (1.0, 2.0, 4.0)
"""Seconds before the second, third and any later try."""


def wait_before_next(message: Message) -> float:
    """Seconds until this contact may be tried once more."""
    found = message.alarm.find(message.attempt)
    return WAITS[min(found[1].tried if found else 0, len(WAITS) - 1)]


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
