"""What a reader may see of who could have been asked, was asked and answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.scorer.access import SegmentAccess
from services.scorer.asked_days import USUAL_DAYS, AskedDays
from services.scorer.responses.domain import MAX_PARTS, MAX_WINDOW_DAYS
from services.scorer.unbegged.domain import ComparedPlace, PlaceCounts, places_of
from services.scorer.unbegged.repository import count_by_links, count_invited_by_place
from services.scorer.windows import Window, today_in
from shared.db.database import Database
from shared.events import Tenant
from shared.events.segments import ORGANISATION
from shared.http.problems import Problem
from shared.http.staff_auth import Staff
from shared.privacy.service_client import ServiceClient, ServiceUnavailable, read_answer
from shared.tenancy import find_tenant
from shared.values.messages import message

AWAY = message("How many could have been asked cannot be counted now. Try again in a minute.")
NO_COUNTS = PlaceCounts()


@dataclass(frozen=True, kw_only=True)
class UnbeggedAsked:
    """What is asked for."""

    days: AskedDays = USUAL_DAYS
    by: str = ORGANISATION
    """A dimension."""


@dataclass(frozen=True, kw_only=True)
class UnbeggedRead:
    """The places of a dimension in a window, each beside the rest."""

    tenant: Tenant
    asked: UnbeggedAsked
    window: Window
    places: Sequence[ComparedPlace]
    """Those that the reader may see, those with signs first."""
    left_off: int
    """Further ones."""
    people_hidden: bool
    """Single employees are left out."""


async def read_unbegged(
    database: Database, services: ServiceClient, tenant_id: str, staff: Staff | None, asked: UnbeggedAsked
) -> UnbeggedRead:
    """The places of a dimension that the reader may see. The dispatcher is asked for what it decided; no
    connection of the database is held while it answers.

    :raises Problem: 404 where the company is not known, 422 for a window that is none, 503 while the
        dispatcher does not answer.
    """
    async with database.reading() as uow:
        tenant = await find_tenant(uow, tenant_id)
        if tenant is None:
            raise Problem(404)
        window = asked.days.read(today_in(tenant.time_zone, uow.now), most=MAX_WINDOW_DAYS)
    first, until = window.bounds(tenant.time_zone)
    claims = {"dimension": asked.by, "first": first.isoformat(), "until": until.isoformat()}
    try:
        body = await services.get_body(
            "dispatcher", "asked", purpose="asked", tenant=tenant_id, claims=claims
        )
        decided = read_answer("dispatcher", body, dict[str, tuple[int, int, int, int, int]])
    except ServiceUnavailable:
        raise Problem(503, detail=AWAY, headers={"Retry-After": "60"}) from None
    async with database.reading() as uow:
        invited = await count_invited_by_place(uow, tenant_id, asked.by, first, until)
        by_links = await count_by_links(uow, tenant_id, asked.by, first, until)
    access = SegmentAccess.of(tenant, staff)
    names = decided.keys() | invited.keys() | by_links.keys()
    seen = {name for name in names if access.allows(name)}
    counts: dict[str, PlaceCounts] = {}
    for name in seen:
        matched, was_asked, no_address, unwilling, rested = decided.get(name, (0, 0, 0, 0, 0))
        own = invited.get(name)
        counts[name] = PlaceCounts(
            matched=matched,
            asked=was_asked,
            no_address=no_address,
            unwilling=unwilling,
            rested=rested,
            sent=own.sent if own else 0,
            answered=own.answered if own else 0,
            groups=own.groups if own else NO_COUNTS.groups,
            quick=own.quick if own else 0,
            quick_promoters=own.quick_promoters if own else 0,
            of_known_network=own.of_known_network if own else 0,
            of_staff_network=own.of_staff_network if own else 0,
            of_known_device=own.of_known_device if own else 0,
            of_shared_device=own.of_shared_device if own else 0,
            burst=own.burst if own else 0,
            by_links=by_links.get(name, 0),
        )
    places = places_of(counts)
    return UnbeggedRead(
        tenant=tenant,
        asked=asked,
        window=window,
        places=places[:MAX_PARTS],
        left_off=max(0, len(places) - MAX_PARTS),
        people_hidden=any(not access.allows_as_part(name) for name in names),
    )
