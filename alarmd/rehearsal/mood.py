"""How a provider is: well, slow to answer, or failing. Whoever serves requests asks it first. Called by the simulated
telephone company and by the storm's receiver; hands set it over HTTP.
"""

from dataclasses import dataclass
from datetime import timedelta

from alarmd.ports import Clock


@dataclass(slots=True)
class Mood:
    """`slow`: seconds before each answer; `fails`: whatever is asked is answered with HTTP 503."""

    slow: float = 0.0
    fails: bool = False

    async def suffer(self, clock: Clock) -> bool:
        """Wait as long as it takes; whether it fails then."""
        if self.slow:
            await clock.sleep_until(clock.now() + timedelta(seconds=self.slow))
        return self.fails
