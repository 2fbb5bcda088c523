"""Incidents as pages, programs and notices read them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.alerts.incidents.domain import Incident
from services.alerts.incidents.repository.incidents import COLUMNS, incident_of
from shared.db.database import UnitOfWork
from shared.events import People, is_person
from shared.tenancy.tenants import find_tenant


class IncidentCases(NamedTuple):
    """An incident with its cases in numbers."""

    incident: Incident
    cases: int
    at_first: int
    """Those of its first minutes."""
    last_at: datetime


_ASKED_FOR = """i.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR i.id = :id)
        AND (NOT :going_on OR i.ended_at IS NULL)
        AND (CAST(:allowed AS text[]) = '{}' OR EXISTS (
            SELECT FROM unnest(CAST(:allowed AS text[])) AS n (segment)
            WHERE i.segment = n.segment OR starts_with(i.segment, n.segment || '/')
        ))"""
"""The incident ``i`` that is asked for by its id, or those that a reader may see."""
FIND_SEGMENTS = f"SELECT DISTINCT i.segment FROM incident i WHERE {_ASKED_FOR}"
LIST_INCIDENTS = f"""
    SELECT {COLUMNS}, counts.cases, counts.at_first, counts.last_at
    FROM incident i
    CROSS JOIN LATERAL (
        SELECT count(*) AS cases,
            count(*) FILTER (WHERE ic.said_at <= i.began_at + CAST(:within AS interval)) AS at_first,
            coalesce(max(ic.said_at), i.began_at) AS last_at
        FROM incident_case ic
        WHERE ic.tenant = i.tenant AND ic.incident_id = i.id
    ) counts
    WHERE {_ASKED_FOR} AND i.segment <> ALL(CAST(:hidden AS text[]))
        AND (CAST(:before_at AS timestamptz) IS NULL
            OR (i.opened_at, i.id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid)))
    ORDER BY i.opened_at DESC, i.id DESC
    LIMIT :limit
"""


async def visible_incidents(
    uow: UnitOfWork,
    tenant: str,
    allowed: Sequence[str],
    within: timedelta,
    *,
    incident: UUID | None = None,
    going_on: bool = False,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 1,
) -> list[IncidentCases]:
    """The newest incidents that somebody may see who is limited to these segments (none: not limited).

    None of an employee, whether one was counted before the company said so or by an earlier version.
    """
    values: dict[str, Any] = {
        "tenant": tenant,
        "id": incident,
        "going_on": going_on,
        "allowed": list(allowed),
    }
    company = await find_tenant(uow, tenant)
    people = company.people if company is not None else People()
    segments = (await uow.execute(FIND_SEGMENTS, values)).scalars()
    at, last = before or (None, None)
    values |= {"hidden": [one for one in segments if is_person(people, one)], "within": within}
    values |= {"before_at": at, "before_id": last, "limit": limit}
    return [
        IncidentCases(incident_of(row), row.cases, row.at_first, row.last_at)
        for row in await uow.execute(LIST_INCIDENTS, values)
    ]
