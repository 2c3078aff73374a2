"""The dice of a storm: everything random in it follows from its seed, and each matter has dice of its own. What storm
it was can so be told in one number.
"""

import random

from alarmd.rehearsal.storm.plan import Rolls


def rolls(seed: int) -> Rolls:
    """The dice for every matter of this seed."""

    def dice(matter: str) -> random.Random:
        return random.Random(f"{seed} {matter}")  # noqa: S311 - a storm must be repeatable, it guards no secret

    return dice
