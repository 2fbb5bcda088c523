"""Incidents, and the cases that are counted for them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.alerts import models
from services.alerts.incidents.domain import CountedCase, CountResult, Incident, IncidentPolicy
from shared.db.bulk import insert
from shared.db.database import UnitOfWork
from shared.outbound.channel_names import DeliveryChannel

Key = tuple[str, UUID]
_FIELDS = Incident.__struct_fields__
# A version before this one wrote no such time.
_RUNS_UNTIL = "coalesce(i.runs_until, i.opened_at + interval '30 minutes')"
COLUMNS = ", ".join(f"{_RUNS_UNTIL} AS {name}" if name == "runs_until" else f"i.{name}" for name in _FIELDS)

# Those that have gone on for the longest time take no further case: theirs may be very many.
LOCK_GOING_ON = f"""
    SELECT {COLUMNS}, ARRAY(
        SELECT ic.said_at FROM incident_case ic
        WHERE ic.tenant = i.tenant AND ic.incident_id = i.id
            AND {_RUNS_UNTIL} < i.began_at + CAST(:longest AS interval)
            AND ic.said_at >= {_RUNS_UNTIL} - CAST(:few_within AS interval)
    ) AS times
    FROM incident i
    WHERE i.tenant = ANY(CAST(:tenants AS text[])) AND i.ended_at IS NULL
    ORDER BY i.tenant, i.id
    FOR UPDATE
"""


async def lock_going_on(
    uow: UnitOfWork, tenants: Collection[str], policy: IncidentPolicy
) -> list[tuple[Incident, list[datetime]]]:
    """The incidents of these companies that are going on: none ends before this transaction does.

    Each with the times of its cases by which it may go on for longer.
    """
    values = {"tenants": sorted(tenants), "longest": policy.longest, "few_within": policy.few_within}
    return [(incident_of(row), row.times) for row in await uow.execute(LOCK_GOING_ON, values)]


ADD_CASES = """
    INSERT INTO incident_case (tenant, case_id, said_at, segments)
    SELECT n.tenant, n.case_id, n.said_at, ARRAY(SELECT json_array_elements_text(n.segments))
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:cases AS uuid[]), CAST(:times AS timestamptz[]),
        CAST(CAST(:segments AS text[]) AS json[])
    ) AS n (tenant, case_id, said_at, segments)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
"""


async def add_cases(uow: UnitOfWork, cases: Sequence[CountedCase]) -> None:
    """Keep when cases were said, and their segments; opening is locked."""
    await uow.execute(
        ADD_CASES,
        {
            "tenants": [case.tenant for case in cases],
            "cases": [case.case_id for case in cases],
            "times": [case.said_at for case in cases],
            "segments": [msgspec.json.encode(case.segments).decode() for case in cases],
        },
    )


FIND_NEAR = """
    SELECT tenant, case_id, said_at, segments FROM incident_case
    WHERE tenant = :tenant AND said_at BETWEEN :since AND :until AND incident_id IS NULL
        AND case_id <> ALL(CAST(:besides AS uuid[]))
    ORDER BY said_at, case_id
"""


async def cases_near(
    uow: UnitOfWork, tenant: str, since: datetime, until: datetime, besides: Sequence[UUID]
) -> list[CountedCase]:
    """The cases of a time that belong to no incident, but for these."""
    values = {"tenant": tenant, "since": since, "until": until, "besides": list(besides)}
    return [
        CountedCase(row.tenant, row.case_id, row.said_at, tuple(row.segments))
        for row in await uow.execute(FIND_NEAR, values)
    ]


COUNT_OF_LATE = """
    SELECT n.segment, count(ic.case_id) AS n
    FROM unnest(CAST(:segments AS text[])) AS n (segment)
    LEFT JOIN incident_case ic
        ON ic.tenant = :tenant AND ic.said_at >= :since AND n.segment = ANY(ic.segments)
    GROUP BY 1
"""


async def counts_of_late(
    uow: UnitOfWork, tenant: str, segments: Collection[str], since: datetime
) -> dict[str, int]:
    """How many cases each segment has had since."""
    if not segments:
        return {}
    rows = await uow.execute(COUNT_OF_LATE, {"tenant": tenant, "segments": sorted(segments), "since": since})
    return {row.segment: row.n for row in rows}


JOIN_CASES = """
    UPDATE incident_case ic SET incident_id = n.incident
    FROM unnest(CAST(:cases AS uuid[]), CAST(:incidents AS uuid[])) AS n (case_id, incident)
    WHERE ic.tenant = :tenant AND ic.case_id = n.case_id
"""


SET_RUNS_UNTIL = """
    UPDATE incident i SET runs_until = n.until
    FROM unnest(CAST(:ids AS uuid[]), CAST(:times AS timestamptz[])) AS n (id, until)
    WHERE i.tenant = :tenant AND i.id = n.id
"""


async def open_and_join(uow: UnitOfWork, tenant: str, found: CountResult) -> None:
    """Write the incidents that began, until when they go on, and to which incidents cases belong."""
    if found.opened:
        await insert(uow, models.incident, found.opened)
    ids, times = list(found.run_until), list(found.run_until.values())
    await uow.execute(SET_RUNS_UNTIL, {"tenant": tenant, "ids": ids, "times": times})
    cases, incidents = list(found.members), list(found.members.values())
    await uow.execute(JOIN_CASES, {"tenant": tenant, "cases": cases, "incidents": incidents})


END_INCIDENTS = f"""
    WITH free AS MATERIALIZED (
        SELECT i.tenant, i.id FROM incident i
        JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
            ON i.tenant = n.tenant AND i.id = n.id
        ORDER BY 1, 2
        FOR UPDATE OF i SKIP LOCKED
    )
    UPDATE incident i SET ended_at = coalesce(i.ended_at, :now)
    FROM free
    WHERE i.tenant = free.tenant AND i.id = free.id
    RETURNING {COLUMNS}, old.ended_at IS NULL AS ends_now
"""


async def end(uow: UnitOfWork, keys: Sequence[Key]) -> list[tuple[Incident, bool]]:
    """End incidents, but for those to which a case is being added; each with whether it went on until now."""
    rows = await uow.execute(
        END_INCIDENTS,
        {"tenants": [tenant for tenant, _ in keys], "ids": [key for _, key in keys], "now": uow.now},
    )
    return [(incident_of(row), row.ends_now) for row in rows]


FIND_TEAMS_OF_INCIDENTS = """
    SELECT i.id, c.team_id FROM incident i
    JOIN unnest(CAST(:tenants AS text[]), CAST(:ids AS uuid[])) AS n (tenant, id)
        ON i.tenant = n.tenant AND i.id = n.id
    JOIN cases c ON c.tenant = i.tenant AND c.id = i.case_id
"""


async def teams_of(uow: UnitOfWork, incidents: Sequence[Incident]) -> dict[UUID, UUID | None]:
    """By incident the team of the case by which it began."""
    if not incidents:
        return {}
    values = {"tenants": [one.tenant for one in incidents], "ids": [one.id for one in incidents]}
    return {row.id: row.team_id for row in await uow.execute(FIND_TEAMS_OF_INCIDENTS, values)}


END_ALL = "UPDATE incident SET ended_at = :now WHERE ended_at IS NULL"


async def end_all(uow: UnitOfWork) -> int:
    """End all of them, of which nobody is told: after a restore nobody knows what was; returns how many."""
    return (await uow.execute(END_ALL, {"now": uow.now})).rowcount


FIND_INCIDENTS_OF_CASES = f"""
    SELECT ic.case_id AS of_case, {COLUMNS}
    FROM unnest(CAST(:tenants AS text[]), CAST(:cases AS uuid[])) AS n (tenant, case_id)
    JOIN incident_case ic ON ic.tenant = n.tenant AND ic.case_id = n.case_id
    JOIN incident i ON i.tenant = ic.tenant AND i.id = ic.incident_id
"""


async def incidents_of_cases(uow: UnitOfWork, cases: Sequence[Key]) -> dict[Key, Incident]:
    """The incidents of those of these cases that belong to one."""
    values = {"tenants": [tenant for tenant, _ in cases], "cases": [case for _, case in cases]}
    rows = await uow.execute(FIND_INCIDENTS_OF_CASES, values)
    return {(row.tenant, row.of_case): incident_of(row) for row in rows}


# A version before this one wrote no channel. What waits for a digest has no delivery.
FIND_NOTIFIED = """
    SELECT DISTINCT n.tenant, n.about ->> 'incident' AS incident, n.staff_id,
        coalesce(n.channel, 'mail') AS channel
    FROM notification n
    JOIN unnest(CAST(:tenants AS text[]), CAST(:cases AS uuid[])) AS k (tenant, case_id)
        ON n.tenant = k.tenant AND n.case_id = k.case_id
    JOIN delivery d ON d.tenant = n.tenant AND d.about_id = n.id
    WHERE n.kind = :kind AND n.digest_id IS NULL AND d.state NOT IN ('dropped', 'failed')
"""
Notified = dict[tuple[str, UUID, UUID], set[DeliveryChannel]]
"""By company, incident and person."""


async def notified_people(uow: UnitOfWork, kind: str, incidents: Collection[Incident]) -> Notified:
    """By which channels people were told of these incidents at once, or are about to be."""
    if not incidents:
        return {}
    rows = await uow.execute(
        FIND_NOTIFIED,
        {
            "tenants": [one.tenant for one in incidents],
            "cases": [one.case_id for one in incidents],
            "kind": kind,
        },
    )
    found: Notified = {}
    for row in rows:
        found.setdefault((row.tenant, UUID(row.incident), row.staff_id), set()).add(row.channel)
    return found


DELETE_UNCOUNTED = "DELETE FROM incident_case WHERE said_at < :before AND incident_id IS NULL"


async def delete_uncounted(uow: UnitOfWork, before: datetime) -> int:
    """Delete what counts for no incident any more; returns how many."""
    return (await uow.execute(DELETE_UNCOUNTED, {"before": before})).rowcount


def incident_of(row: Row[Any]) -> Incident:
    """The incident of a row that has ``COLUMNS``."""
    return Incident(**{name: getattr(row, name) for name in _FIELDS})
