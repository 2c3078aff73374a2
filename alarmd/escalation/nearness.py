"""Which people of a site are nearest to a place of it. PURE. Called by `targets.py`.

Nearness is what the organisation tells of its zones: the same; then so many shouts away, whichever of two hears the
other; then on the same floor, by the distance on its drawing where both are drawn; then anywhere. Whoever belongs to
the site and to none of its zones may be anywhere, and comes last.
"""

from math import hypot

from alarmd.organisation.model import Organisation, Person, Zone

Rank = tuple[int, float]
"""How near: the less the nearer."""

HEARS, DRAWN, SAME_FLOOR, SAME_SITE, SOMEWHERE = range(5)


def nearest(organisation: Organisation, site: str | None, zone: str | None) -> tuple[Person, ...]:
    """Everybody who belongs to the site, the nearest to the zone first, equals in the file's order; nobody without a
    site."""
    known = organisation.sites.get(site or "")
    if known is None:
        return ()
    shouts, here = _shouts(organisation, zone), organisation.zone(zone)
    ranked = {place: _rank(here, each, shouts) for place, each in known.zones.items()}
    people = (person for person in organisation.people.values() if person.belongs_to(site))
    return tuple(sorted(people, key=lambda person: ranked.get(person.at or "", (SOMEWHERE, 0.0))))


def _rank(here: Zone | None, there: Zone, shouts: dict[str, int]) -> Rank:
    if there.id in shouts:
        return HEARS, shouts[there.id]
    if here is None or not here.floor or here.floor != there.floor:
        return SAME_SITE, 0.0
    if here.area is None or there.area is None:
        return SAME_FLOOR, 0.0
    return DRAWN, hypot(*(a - b for a, b in zip(_centre(here.area), _centre(there.area), strict=True)))


def _centre(area: tuple[float, float, float, float]) -> tuple[float, float]:
    x, y, width, height = area
    return x + width / 2, y + height / 2


def _shouts(organisation: Organisation, zone: str | None) -> dict[str, int]:
    """How many shouts away each zone is that a chain of them reaches; 0 is the zone itself."""
    hears: dict[str, set[str]] = {}
    for site in organisation.sites.values():
        for each in site.zones.values():
            for other in each.audible_to:
                hears.setdefault(each.id, set()).add(other)
                hears.setdefault(other, set()).add(each.id)
    reached: dict[str, int] = {}
    edge, shouts = {zone} if zone else set(), 0
    while edge:
        reached |= dict.fromkeys(edge, shouts)
        edge = {other for each in edge for other in hears.get(each, ())} - reached.keys()
        shouts += 1
    return reached
