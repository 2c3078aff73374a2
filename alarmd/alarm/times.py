"""Instants as the contract writes them: UTC, RFC 3339, milliseconds. PURE; used wherever a time enters or leaves as
text."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1970, 9000


def stamp(at: datetime) -> str:
    """`2027-03-28T01:30:00.000Z`. The instant must be aware; finer parts than milliseconds are cut off."""
    # Only instants in UTC may be remembered: an hour that is lived twice is told apart by what equality does not see.
    return _stamped(at.astimezone(UTC))


@lru_cache(1024)
def _stamped(at: datetime) -> str:
    """A decision writes the same few instants a dozen times."""
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"


@lru_cache(1024)
def moment(text: str) -> datetime:
    """The aware UTC instant of an RFC 3339 text with an offset or `Z`. Raises ValueError for anything else."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC; write it as 2027-03-28T01:30:00Z or with +02:00")
    return at.astimezone(UTC)


def asked(text: str, time_zone: str) -> datetime:
    """The aware instant that a person asks about: local to the time zone, of two equal local times the first, or with
    an offset. Raises ValueError, with words.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        words = "not a time; write it as 2027-03-28T01:30 (local to the site) or with an offset"
        raise ValueError(words) from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(time_zone))


def milliseconds(at: datetime) -> datetime:
    """The same instant without what a stamp cannot hold, so that a stored alarm equals the one that was decided."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
