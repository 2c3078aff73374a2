"""Who sees no further than a cancel by PIN. PURE.

An alarm that somebody cancels by PIN, honestly or under duress, gets a veil. Whoever is behind it sees the alarm as it
was cancelled and nothing that becomes of it: so a duress PIN, after which it goes on, looks the same. A technical alarm
that it causes since begins behind the same veil, and nothing of it is seen there. Made by the fold (`lifecycle.py`),
asked by every door.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SEE_THROUGH = frozenset({"guard", "manager", "admin"})
"""Roles of those who may close an alarm (access/rights.py): nothing is hidden from them unless they pressed."""


@dataclass(frozen=True, slots=True)
class Veil:
    """`people`: the presser's side, who pressed and whose PIN it was; behind it whoever they are. `told`: whom a step
    has told since, so that they know."""

    people: frozenset[str]
    told: frozenset[str] = frozenset()

    def hides_from(self, person: str, roles: Iterable[str]) -> bool:
        """Is this person behind it?"""
        return person in self.people or not (person in self.told or SEE_THROUGH.intersection(roles))


def veil_wire(veil: Veil) -> dict[str, Any]:
    """As log and store hold it."""
    return {"people": sorted(veil.people), "told": sorted(veil.told)}


def veil_from_wire(body: Mapping[str, Any]) -> Veil:
    """What `veil_wire` wrote. Raises KeyError or TypeError where that was tampered with."""
    return Veil(frozenset(body["people"]), frozenset(body["told"]))
