"""The figures of the cases that were opened within some time: one statement over their index by opening."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.cases.domain.closing import CASE_OUTCOMES
from services.alerts.cases.repository.conditions import VISIBLE, WHOLLY_READABLE
from services.alerts.team_figures.domain import (
    POLICY,
    Figures,
    FigureScope,
    FiguresOf,
    Spread,
    TeamFigures,
)
from shared.db.database import UnitOfWork

_OUTCOMES = ",\n        ".join(
    f"count(*) FILTER (WHERE c.outcome = '{outcome}') AS {outcome}" for outcome in CASE_OUTCOMES
)


def _seconds(interval: str) -> str:
    return f"CAST(extract(epoch FROM {interval}) AS double precision)"


def _working(instant: str) -> str:
    """The open seconds of a case's team before an instant: of the stretch that began last, and before it."""
    place = f"place.{instant}"
    stretch = f"least(c.{instant}, w.ends[{place}]) - w.starts[{place}]"
    return f"CASE WHEN {place} = 0 THEN 0 ELSE w.before[{place}] + {_seconds(stretch)} END"


def _spread(name: str) -> str:
    """How many cases have a duration, and its percentiles."""
    return (
        f"count(c.{name}) AS {name}_n,\n        "
        f"percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY c.{name}) AS {name}"
    )


IN_SCOPE = f"""
    {VISIBLE}
    AND (
        CAST(:teams AS uuid[]) IS NULL OR c.team_id = ANY(CAST(:teams AS uuid[]))
        OR c.owner_id = CAST(:reader AS uuid)
    )
    AND (CAST(:owner AS uuid) IS NULL OR c.owner_id = CAST(:owner AS uuid))
"""
"""Whether a case ``c`` counts for a reader, with the values of :func:`scope_values`."""
_OPENED_IN_SCOPE = f"""
    c.tenant = :tenant AND c.opened_at >= :since AND c.opened_at < :until AND {IN_SCOPE}
"""
FIND_LAST_INSTANTS = f"""
    SELECT c.team_id, max(greatest(c.opened_at, c.first_contact_at, c.closed_at)) AS last
    FROM cases c
    WHERE c.team_id IS NOT NULL AND {_OPENED_IN_SCOPE}
    GROUP BY 1
"""
COUNT_FIGURES = f"""
    WITH opening AS (
        SELECT
            o.calendar,
            array_agg(o.starts ORDER BY o.starts) AS starts,
            array_agg(o.ends ORDER BY o.starts) AS ends,
            array_agg(o.before ORDER BY o.starts) AS before
        FROM unnest(
            CAST(:open_calendars AS uuid[]), CAST(:open_starts AS timestamptz[]),
            CAST(:open_ends AS timestamptz[]), CAST(:open_before AS double precision[])
        ) AS o (calendar, starts, ends, before)
        GROUP BY 1
    ),
    working AS MATERIALIZED (
        SELECT t.team, o.starts, o.ends, o.before
        FROM unnest(CAST(:with_calendar AS uuid[]), CAST(:calendar_of_team AS uuid[])) AS t (team, calendar)
        JOIN opening o ON o.calendar = t.calendar
    ),
    counted AS MATERIALIZED (
        SELECT
            c.team_id, c.owner_id, c.first_contact_at, c.contact_due_at, c.reopened_at,
            coalesce(c.first_contact_at IS NOT NULL OR (
                c.may_contact IS DISTINCT FROM false AND NOT c.anonymous AND NOT c.erased
                AND c.merged_into IS NULL
            ), false) AS contactable,
            least(c.closed_at, c.waiting_since, :now) AS runs_until,
            c.state = 'closed' AND c.outcome IS NOT NULL AND c.outcome <> 'duplicate' AS is_over,
            CASE WHEN told.closing THEN c.outcome END AS outcome,
            CASE WHEN told.closing THEN c.cause END AS cause,
            {_seconds("c.first_contact_at - c.opened_at")} AS to_contact,
            CASE WHEN c.outcome <> 'duplicate' THEN {_seconds("c.closed_at - c.opened_at")} END AS to_close,
            {_working("first_contact_at")} - ({_working("opened_at")}) AS to_contact_working,
            CASE WHEN c.outcome <> 'duplicate' THEN {_working("closed_at")} - ({_working("opened_at")}) END
                AS to_close_working
        FROM cases c
        LEFT JOIN working w ON w.team = c.team_id
        CROSS JOIN LATERAL (
            SELECT
                width_bucket(c.opened_at, w.starts) AS opened_at,
                width_bucket(c.first_contact_at, w.starts) AS first_contact_at,
                width_bucket(c.closed_at, w.starts) AS closed_at
            OFFSET 0  -- once for each case
        ) place
        CROSS JOIN LATERAL (
            SELECT c.state = 'closed' AND (CAST(:segments AS text[]) = '{{}}' OR {WHOLLY_READABLE}) AS closing
            OFFSET 0
        ) told
        WHERE {_OPENED_IN_SCOPE}
    )
    SELECT
        grouping(c.team_id) = 0 AS of_team,
        grouping(c.owner_id) = 0 AS of_owner,
        c.team_id, c.owner_id,
        count(*) AS cases,
        count(*) FILTER (WHERE c.contactable) AS contactable,
        count(c.first_contact_at) AS contacted,
        count(*) FILTER (
            WHERE c.contactable AND (c.first_contact_at IS NOT NULL OR c.contact_due_at <= c.runs_until)
        ) AS due,
        count(*) FILTER (WHERE c.first_contact_at <= c.contact_due_at) AS in_time,
        count(*) FILTER (WHERE c.is_over OR c.reopened_at IS NOT NULL) AS ended,
        count(c.reopened_at) AS reopened,
        {_OUTCOMES},
        count(c.cause) FILTER (WHERE c.outcome <> 'duplicate') AS with_cause,
        {_spread("to_contact")},
        {_spread("to_contact_working")},
        {_spread("to_close")},
        {_spread("to_close_working")},
        (SELECT CAST(jsonb_object_agg(k.cause, k.n) AS text) FROM (
            SELECT cause, count(*) AS n FROM counted
            WHERE cause IS NOT NULL AND outcome <> 'duplicate' GROUP BY 1
        ) k) AS causes
    FROM counted c
    GROUP BY GROUPING SETS ((), (c.team_id), (c.owner_id))
"""


async def last_instants(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    since: datetime,
    until: datetime,
    scope: FigureScope,
) -> dict[UUID, datetime]:
    """The teams whose cases are counted, and until when something is measured of these."""
    values = scope_values(tenant, segments, since, until, scope)
    return {row.team_id: row.last for row in await uow.execute(FIND_LAST_INSTANTS, values)}


async def count_figures(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    since: datetime,
    until: datetime,
    scope: FigureScope,
    hours: Mapping[str, list[Any]],
) -> TeamFigures:
    """The figures of the cases that a reader may see.

    :param hours: of :func:`~services.alerts.team_figures.working_hours.hours_of_teams`.
    """
    values = {**hours, **scope_values(tenant, segments, since, until, scope), "now": uow.now}
    rows = list(await uow.execute(COUNT_FIGURES, values))
    total = next(row for row in rows if not row.of_team and not row.of_owner)
    causes = sorted(msgspec.json.decode(total.causes or "{}").items(), key=lambda one: (-one[1], one[0]))
    return TeamFigures(
        total=_figures(total),
        teams=[
            FiguresOf(id=row.team_id, figures=_figures(row))
            for row in rows
            if row.of_team and scope.counts_team(row.team_id)
        ],
        people=[FiguresOf(id=row.owner_id, figures=_figures(row)) for row in rows if row.of_owner],
        causes=causes,
    )


def scope_values(
    tenant: str, segments: Sequence[str], since: datetime, until: datetime, scope: FigureScope
) -> dict[str, Any]:
    """Of what company and time a reader is told, and of whose cases in it."""
    return {
        "tenant": tenant,
        "segments": list(segments),
        "since": since,
        "until": until,
        "teams": None if scope.teams is None else list(scope.teams),
        "owner": scope.owner,
        "reader": scope.reader,
    }


def _figures(row: Any) -> Figures:
    outcomes = {outcome: getattr(row, outcome) for outcome in CASE_OUTCOMES}
    return Figures(
        cases=row.cases,
        due=row.due,
        in_time=row.in_time,
        contactable=row.contactable,
        contacted=row.contacted,
        ended=row.ended,
        reopened=row.reopened,
        outcomes=outcomes,
        closed=sum(n for outcome, n in outcomes.items() if outcome != "duplicate"),
        with_cause=row.with_cause,
        to_contact=Spread.of(POLICY, row.to_contact_n, row.to_contact),
        to_contact_working=Spread.of(POLICY, row.to_contact_working_n, row.to_contact_working),
        to_close=Spread.of(POLICY, row.to_close_n, row.to_close),
        to_close_working=Spread.of(POLICY, row.to_close_working_n, row.to_close_working),
    )


FIND_NAMES = """
    SELECT id, name FROM staff
    WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
"""


async def names_of(uow: UnitOfWork, tenant: str, ids: Sequence[Any]) -> dict[Any, str]:
    """The names of people, also of those who have left."""
    rows = await uow.execute(FIND_NAMES, {"tenant": tenant, "ids": list(ids)})
    return {row.id: row.name for row in rows}
