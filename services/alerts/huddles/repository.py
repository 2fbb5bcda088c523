"""``promise``; and of a team's cases what a huddle speaks of: a recovered one, the overdue, the causes."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.alerts.cases.repository.conditions import VISIBLE, WHOLLY_READABLE
from services.alerts.huddles.domain import TeamPromise
from services.alerts.weekly.repository import OverdueCase
from shared.db.database import UnitOfWork
from shared.events import Answer

_FIELDS = tuple(TeamPromise.__dataclass_fields__)
_COLUMNS = ", ".join(f"p.{name}" for name in _FIELDS)

LIST_PROMISES = f"""
    SELECT {_COLUMNS} FROM promise p
    WHERE p.tenant = :tenant AND p.team_id = :team AND p.week = ANY(CAST(:weeks AS date[]))
    ORDER BY p.week, p.due, p.made_at, p.id
"""


async def promises_of(
    uow: UnitOfWork, tenant: str, team: UUID, weeks: Sequence[date]
) -> dict[date, list[TeamPromise]]:
    """What a team promised in these weeks, by week: what is due first."""
    rows = await uow.execute(LIST_PROMISES, {"tenant": tenant, "team": team, "weeks": list(weeks)})
    found = [_promise(row) for row in rows]
    return {week: [one for one in found if one.week == week] for week in weeks}


# The team's row is the lock, so that two who write at once are not one promise too many.
LOCK_TEAM = "SELECT id FROM team WHERE tenant = :tenant AND id = :team FOR UPDATE"


async def lock_team(uow: UnitOfWork, tenant: str, team: UUID) -> bool:
    """Lock what a team promises; False: there is no such team."""
    return (await uow.execute(LOCK_TEAM, {"tenant": tenant, "team": team})).one_or_none() is not None


FIND_PROMISE = f"SELECT {_COLUMNS} FROM promise p WHERE p.tenant = :tenant AND p.id = :id"


async def find_promise(uow: UnitOfWork, tenant: str, promise: UUID) -> TeamPromise | None:
    """One promise of a company."""
    row = (await uow.execute(FIND_PROMISE, {"tenant": tenant, "id": promise})).one_or_none()
    return None if row is None else _promise(row)


WRITE_PROMISE = f"""
    INSERT INTO promise (tenant, {", ".join(_FIELDS)})
    VALUES (:tenant, {", ".join(f":{name}" for name in _FIELDS)})
    ON CONFLICT (tenant, id) DO UPDATE
    SET text = EXCLUDED.text, person_id = EXCLUDED.person_id, due = EXCLUDED.due, done_at = EXCLUDED.done_at
"""


async def write_promise(uow: UnitOfWork, tenant: str, promise: TeamPromise) -> None:
    """Add or replace a promise; its team, its week and when it was made stay."""
    values = {name: getattr(promise, name) for name in _FIELDS}
    await uow.execute(WRITE_PROMISE, {"tenant": tenant, **values})


DELETE_PROMISE = "DELETE FROM promise WHERE tenant = :tenant AND id = :id"


async def delete_promise(uow: UnitOfWork, tenant: str, promise: UUID) -> None:
    """Delete a promise."""
    await uow.execute(DELETE_PROMISE, {"tenant": tenant, "id": promise})


def _promise(row: Any) -> TeamPromise:
    return TeamPromise(**{name: getattr(row, name) for name in _FIELDS})


_TEAMS_OWN = "c.tenant = :tenant AND c.team_id = :team"
_CLOSED_WITHIN = "c.state = 'closed' AND c.closed_at >= :since AND c.closed_at < :until"
_READABLE_CLOSING = f"{VISIBLE} AND (CAST(:segments AS text[]) = '{{}}' OR {WHOLLY_READABLE})"

FIND_RECOVERED = f"""
    SELECT c.id, c.number, c.score, c.action, a.body
    FROM cases c
    JOIN answer a ON a.tenant = c.tenant AND a.id = c.answer_id
    WHERE {_TEAMS_OWN} AND {_CLOSED_WITHIN} AND c.outcome = 'recovered' AND NOT c.erased
        AND {_READABLE_CLOSING}
    ORDER BY c.closed_at DESC, c.id DESC
    LIMIT 1
"""


class RecoveredCase(NamedTuple):
    """A case whose customer is content."""

    id: UUID
    number: int
    score: int
    action: str
    """What we did."""
    answer: Answer
    """The one that opened it."""


async def newest_recovered(
    uow: UnitOfWork, tenant: str, team: UUID, segments: Sequence[str], since: datetime, until: datetime
) -> RecoveredCase | None:
    """The team's case that was recovered last in a time, of those that a reader may read."""
    values = {"tenant": tenant, "team": team, "segments": list(segments), "since": since, "until": until}
    row = (await uow.execute(FIND_RECOVERED, values)).one_or_none()
    if row is None:
        return None
    return RecoveredCase(row.id, row.number, row.score, row.action or "", _answers.decode(row.body))


COUNT_CAUSES = f"""
    SELECT
        c.cause,
        count(*) FILTER (WHERE c.closed_at >= :week) AS n,
        count(*) FILTER (WHERE c.closed_at < :week) AS before
    FROM cases c
    WHERE {_TEAMS_OWN} AND {_CLOSED_WITHIN} AND c.cause IS NOT NULL AND {_READABLE_CLOSING}
    GROUP BY 1
    ORDER BY 2 DESC, 1
"""


class CauseOfWeek(NamedTuple):
    """How many cases of a team were closed with a cause in a week, and in the week before."""

    cause: str
    n: int
    before: int


async def causes_of_week(
    uow: UnitOfWork,
    tenant: str,
    team: UUID,
    segments: Sequence[str],
    before: datetime,
    week: datetime,
    until: datetime,
) -> list[CauseOfWeek]:
    """The causes of the cases that were closed in a week or the one before it, the most frequent first."""
    values = {"tenant": tenant, "team": team, "segments": list(segments), "week": week}
    rows = await uow.execute(COUNT_CAUSES, {**values, "since": before, "until": until})
    return [CauseOfWeek._make(row) for row in rows]


FIND_TEAMS_OVERDUE = f"""
    SELECT c.id, c.number, c.due_at, s.name AS owner, count(*) OVER () AS number_of_all
    FROM cases c
    LEFT JOIN staff s ON s.tenant = c.tenant AND s.id = c.owner_id
    WHERE {_TEAMS_OWN} AND c.state <> 'closed' AND c.due_at < :now AND {VISIBLE}
    ORDER BY c.due_at, c.id
    LIMIT :limit
"""


async def overdue_of_team(
    uow: UnitOfWork, tenant: str, team: UUID, segments: Sequence[str], limit: int
) -> tuple[list[OverdueCase], int]:
    """The cases of a team that are overdue longest, and how many there are."""
    values = {"tenant": tenant, "team": team, "segments": list(segments), "now": uow.now, "limit": limit}
    rows = list(await uow.execute(FIND_TEAMS_OVERDUE, values))
    found = [OverdueCase(row.id, row.number, row.due_at, row.owner) for row in rows]
    return found, rows[0].number_of_all if rows else 0


_answers = msgspec.json.Decoder(Answer)
