"""The public holidays of a country, from the library that knows them. Asked when an organisation file is read, and only
then: the days are kept in the version that it becomes, so the daemon neither loads the library nor depends on its age.
"""

from collections.abc import Callable
from datetime import date, datetime

from holidays import country_holidays

YEARS_BACK, YEARS_AHEAD = 1, 10
"""Whole years around the present one. `escalation/readiness.py` says it in time when they run out."""


def look_up(now: datetime) -> Callable[[str], frozenset[date]]:
    """A function from `NO` or `DE-BY` to its public holidays around now, which raises LookupError, with words, for a
    country or part that the library does not know.
    """
    years = range(now.year - YEARS_BACK, now.year + YEARS_AHEAD + 1)

    def days(of: str) -> frozenset[date]:
        country, _, part = of.partition("-")
        try:
            return frozenset(country_holidays(country, subdiv=part or None, years=years))
        except NotImplementedError:
            raise LookupError(f"the public holidays of {of} are not known here; write a country such as NO") from None

    return days
