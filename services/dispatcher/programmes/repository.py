"""``programme``: how far each has come, and whom it asks next."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, RowMapping

from services.dispatcher.customers.domain import CustomerProfile
from services.dispatcher.programmes.tries import (
    FIRST_TRY,
    PASSING_REASONS,
    TryRange,
    groups_of,
    oldest_try,
)
from services.dispatcher.programmes.turns import Progress
from services.dispatcher.waves import population_repository
from services.dispatcher.waves.population_repository import Reach, reach_of
from shared.db import UnitOfWork
from shared.events.transactions import WAVE_SOURCE
from shared.privacy.persons import NOBODY
from shared.tenancy.closed import RUNS

_PROFILE = CustomerProfile._fields[:-1]
"""Without the evidence, which each decision reads itself."""
_COLUMNS = "p.tenant, p.survey_id, p.every_days, p.period, p.began_at, p.position, p.published"

LIST_RUNNING = f"""
    SELECT tenant, id, programme, max_age_days, programme_since, channels FROM survey
    WHERE programme IS NOT NULL AND state = 'live' AND tenant {RUNS} AND EXISTS (
        SELECT FROM sending m WHERE m.tenant = survey.tenant AND m.mode = 'live'
    )
    ORDER BY tenant, id
"""


async def list_running(uow: UnitOfWork) -> Sequence[Row[Any]]:
    """The surveys of all tenants that ask by a programme now: in test mode none does."""
    return (await uow.execute(LIST_RUNNING)).all()


INSERT = """
    INSERT INTO programme (tenant, survey_id, every_days, period, began_at, position)
    VALUES (:tenant, :survey_id, :every_days, :period, :began_at, :position)
    ON CONFLICT (tenant, survey_id) DO NOTHING
"""
LOCK = f"""
    SELECT {_COLUMNS} FROM programme p
    WHERE p.tenant = :tenant AND p.survey_id = :survey_id AND EXISTS (
        SELECT FROM survey s JOIN sending m USING (tenant)
        WHERE s.tenant = p.tenant AND s.id = p.survey_id AND s.programme IS NOT NULL AND s.state = 'live'
            AND m.mode = 'live'
    )
    FOR UPDATE SKIP LOCKED
"""
UPDATE = """
    UPDATE programme
    SET every_days = :every_days, period = :period, began_at = :began_at, position = :position,
        published = :published
    WHERE tenant = :tenant AND survey_id = :survey_id
"""


async def insert(uow: UnitOfWork, progress: Progress) -> None:
    """Let a programme begin; one that has begun stays as it is."""
    await uow.execute(INSERT, _values(progress))


async def lock(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Progress | None:
    """Lock a programme; None: it has not begun, asks no more by now, or another worker has it."""
    values = {"tenant": tenant, "survey_id": survey_id}
    row = (await uow.execute(LOCK, values)).mappings().one_or_none()
    return _progress(row) if row is not None else None


async def update(uow: UnitOfWork, progress: Progress) -> None:
    """How far the locked programme has come."""
    await uow.execute(UPDATE, _values(progress))


async def list_customers(
    uow: UnitOfWork, progress: Progress, channels: Collection[str], until: str | None, limit: int
) -> list[CustomerProfile]:
    """The next customers of this period up to a pseudonym who are reached and not suppressed."""
    values = {"tenant": progress.tenant, "after": progress.position, "until": until, "limit": limit}
    times = {"joined_by": uow.now, "now": uow.now}
    statement = population_repository.LIST_ELIGIBLE_BY_REACH[reach_of(channels)]
    rows = await uow.execute(statement, {**values, **times, "segments": "{}"})
    return [CustomerProfile(**row) for row in rows.mappings()]


# A source is afterword/wave/<survey>/<period>/<try>, and the newest period has the last name, a day. The few
# events of a customer are found by their pseudonym.
LIST_REFUSED_BY_REACH: Mapping[Reach, str] = {
    reach: f"""
    SELECT n.try_number, d.period, {population_repository.PROFILE}
    FROM unnest(CAST(:numbers AS integer[]), CAST(:firsts AS text[]), CAST(:untils AS text[]))
        AS n(try_number, first, until)
    JOIN customer_profile p ON {eligible}
        AND p.person >= n.first AND (n.until IS NULL OR p.person < n.until)
    CROSS JOIN LATERAL (
        SELECT split_part(t.source, '/', 4) AS period,
            max(CAST(coalesce(nullif(split_part(t.source, '/', 5), ''), '{FIRST_TRY}') AS integer)) AS number,
            max(t.decided_at) AS decided_at,
            bool_and(
                CASE WHEN i.state IN ('dropped', 'withheld') THEN i.reason ELSE t.reason END
                    = ANY(CAST(:passing AS text[]))
                AND NOT EXISTS (
                    SELECT FROM countered c
                    JOIN counter_event e ON e.tenant = c.tenant AND e.event_id = c.counter_id
                    WHERE c.tenant = t.tenant AND c.event_id = t.event_id AND e.effect = 'cancel'
                )
            ) AS may_be_asked
        FROM decision t
        LEFT JOIN invitation i ON i.tenant = t.tenant AND i.id = t.invitation_id
        WHERE t.tenant = p.tenant AND t.person = p.person AND starts_with(t.source, CAST(:programme AS text))
        GROUP BY 1
        ORDER BY 1 DESC
        LIMIT 1
    ) d
    WHERE d.may_be_asked AND d.number < n.try_number AND d.decided_at > :since
    ORDER BY n.try_number, p.person
"""
    for reach, eligible in population_repository.ELIGIBLE_BY_REACH.items()
}


class Refused(NamedTuple):
    """A customer whose turn was refused for a passing reason, when a try comes."""

    number: int
    """Of the try."""
    period: str
    """Of the turn."""
    profile: CustomerProfile


async def list_refused(
    uow: UnitOfWork, progress: Progress, channels: Collection[str], ranges: Sequence[TryRange]
) -> list[Refused]:
    """The customers of these ranges who were refused in their period for passing reasons alone."""
    values = {
        "tenant": progress.tenant,
        "numbers": [each.number for each in ranges],
        "firsts": [each.first for each in ranges],
        "untils": [each.until for each in ranges],
        "segments": "{}",
        "joined_by": uow.now,
        "now": uow.now,
        "since": oldest_try(progress, uow.now),
        "programme": f"{WAVE_SOURCE}{progress.survey_id}/",
        "passing": sorted(PASSING_REASONS),
    }
    rows = (await uow.execute(LIST_REFUSED_BY_REACH[reach_of(channels)], values)).mappings()
    return [
        Refused(row["try_number"], row["period"], CustomerProfile(*(row[name] for name in _PROFILE)))
        for row in rows
    ]


FIND = f"""
    SELECT {_COLUMNS} FROM programme p WHERE p.tenant = :tenant AND p.survey_id = :survey_id
"""


async def find(uow: UnitOfWork, tenant: str, survey_id: UUID) -> Progress | None:
    """How far a programme has come; None: it has not begun."""
    values = {"tenant": tenant, "survey_id": survey_id}
    row = (await uow.execute(FIND, values)).mappings().one_or_none()
    return _progress(row) if row is not None else None


# Nobody knows which tries an erased customer had: of theirs those count that were not tried again.
COUNT_OUTCOMES = f"""
    SELECT reason, count(*) AS n FROM (
        SELECT DISTINCT ON (CASE WHEN person = '{NOBODY}' THEN CAST(event_id AS text) ELSE person END)
            person, reason
        FROM decision
        WHERE tenant = :tenant AND source = ANY(CAST(:sources AS text[])) AND source LIKE '{WAVE_SOURCE}%'
        ORDER BY CASE WHEN person = '{NOBODY}' THEN CAST(event_id AS text) ELSE person END,
            decided_at DESC, event_id DESC
    ) last_try
    WHERE person <> '{NOBODY}' OR reason <> ALL(CAST(:passing AS text[]))
    GROUP BY reason
    ORDER BY n DESC, reason
"""


async def count_outcomes(uow: UnitOfWork, progress: Progress) -> dict[str, int]:
    """What was decided last about each customer of this period, the most frequent first."""
    values = {
        "tenant": progress.tenant,
        "sources": [f"{WAVE_SOURCE}{group}" for group in groups_of(progress)],
        "passing": sorted(PASSING_REASONS),
    }
    return {row.reason: row.n for row in await uow.execute(COUNT_OUTCOMES, values)}


def _progress(row: RowMapping) -> Progress:
    return Progress(**row)


def _values(progress: Progress) -> dict[str, Any]:
    return {name: getattr(progress, name) for name in progress.__struct_fields__}
