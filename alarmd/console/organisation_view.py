"""GET /v1/organisation: places, buttons and names for the screens. Never a way to reach anybody: no number, address or
secret leaves here."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from alarmd.access.rights import Right
from alarmd.console.answers import answer
from alarmd.console.desk import Desk
from alarmd.console.documented import says
from alarmd.console.shapes import OrganisationShape
from alarmd.console.sign_in import SignIn
from alarmd.organisation.model import Organisation, Site, Zone


def organisation(desk: Desk, sign_in: SignIn) -> APIRouter:
    """The route."""
    router = APIRouter(tags=["organisation"])

    @router.get(
        "/v1/organisation", **says("get_organisation", "Places, buttons and names", OrganisationShape, 401, 403, 404)
    )
    async def current(request: Request) -> Response:
        caller = await sign_in.may(request, Right.READ)
        version, organisation = desk.organisation()
        return answer(shown(version, organisation, caller.site))

    return router


def shown(version: int, organisation: Organisation, only: str | None) -> dict[str, Any]:
    """What screens need of it. `only`: a site to which the caller is limited."""
    return {
        "version": version,
        "name": organisation.name,
        "language": organisation.language,
        "time_zone": organisation.time_zone,
        "sites": [_site(site) for site in organisation.sites.values() if only in (None, site.id)],
        "devices": [
            {"id": d.id, "zone": d.zone, "kind": d.kind.value, "pin": list(d.pin) if d.pin else None}
            for d in organisation.devices.values()
            if only in (None, d.site)
        ],
        "people": [
            {"id": p.id, "name": p.name, "roles": list(p.roles), "at": p.at}
            for p in organisation.people.values()
            if p.belongs_to(only)
        ],
    }


def _site(site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "name": site.name,
        "address": site.address,
        "emergency_number": site.emergency_number,
        "zones": [_zone(zone) for zone in site.zones.values()],
    }


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.id,
        "name": zone.name,
        "floor": zone.floor,
        "way": zone.way,
        "area": list(zone.area) if zone.area else None,
        "audible_to": list(zone.audible_to),
    }
