"""What letters are made of: scores by day, comments of a week, overdue cases; and their deadlines."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple, get_args
from uuid import UUID

import msgspec

from services.alerts import models
from services.alerts.cases.repository.conditions import VISIBLE
from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Answer, Event, Score
from shared.events.dedupe import newest
from shared.events.nps import SCALE, Group, group_of
from shared.tenancy.closed import HAS_NOT_LEFT

MOST_OF_A_GROUP = 10
"""The newest of a week with a comment, among which three are chosen: a version before this one does not say
of an answer that its comment is gone, or is a machine's."""


async def keep_scores(uow: UnitOfWork, events: Sequence[Event[Score]]) -> None:
    """Handle ``scores`` events: keep the last score of each segment and day."""
    latest = newest(events, lambda score: f"{score.measurement}/{score.until}/{score.segment}")
    await keep_newest_events(uow, models.segment_score, latest)


class ScoreOfDay(NamedTuple):
    """The score of a segment at the end of a day."""

    segment: str
    measurement: str
    n: int
    nps: float | None
    """None: of too few answers."""


FIND_SCORES = """
    SELECT DISTINCT ON (s.segment, s.measurement) s.segment, s.measurement, s.n, s.nps
    FROM segment_score s
    WHERE s.tenant = :tenant AND s.segment = ANY(CAST(:segments AS text[])) AND s.until <= :day
    ORDER BY s.segment, s.measurement, s.until DESC
"""


async def scores_at(uow: UnitOfWork, tenant: str, segments: Sequence[str], day: date) -> list[ScoreOfDay]:
    """The scores of segments at the end of a day, as far as there were any."""
    values = {"tenant": tenant, "segments": list(segments), "day": day}
    return [ScoreOfDay._make(row) for row in await uow.execute(FIND_SCORES, values)]


# By their places, which locked rows keep; those that a consumer writes are left for the next time.
DELETE_OLD_SCORES = """
    DELETE FROM segment_score WHERE ctid = ANY (ARRAY(
        SELECT s.ctid FROM segment_score s
        WHERE s.until < :before AND EXISTS (
            SELECT FROM segment_score l
            WHERE l.tenant = s.tenant AND l.segment = s.segment AND l.measurement = s.measurement
                AND l.until > s.until AND l.until <= :before
        )
        LIMIT :limit
        FOR UPDATE OF s SKIP LOCKED
    ))
"""


async def delete_old_scores(uow: UnitOfWork, before: date, limit: int) -> int:
    """Delete some scores of earlier days, but the last of each segment; returns how many."""
    return (await uow.execute(DELETE_OLD_SCORES, {"before": before, "limit": limit})).rowcount


FIND_COMMENTS = """
    SELECT newest.body
    FROM unnest(CAST(:lowest AS smallint[]), CAST(:highest AS smallint[])) AS g (lowest, highest)
    CROSS JOIN LATERAL (
        SELECT a.body FROM answer a
        WHERE a.tenant = :tenant AND a.answered_at >= :since AND a.answered_at < :until
            AND a.comment_belongs IS NOT NULL AND a.score BETWEEN g.lowest AND g.highest
            AND (CAST(:segments AS text[]) = '{}' OR a.comment_belongs && CAST(:segments AS text[]))
            AND (CAST(:about AS text[]) = '{}' OR a.comment_belongs && CAST(:about AS text[]))
            AND NOT a.comment_belongs && CAST(:beside AS text[])
        ORDER BY a.answered_at DESC, a.id
        LIMIT :limit
    ) newest
"""


async def answers_with_comment(
    uow: UnitOfWork,
    tenant: str,
    segments: Sequence[str],
    since: datetime,
    until: datetime,
    *,
    about: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> list[Answer]:
    """Of each group the newest answers of a time that have a comment, as far as a reader may see them.

    :param about: only of these segments; none: of all.
    :param beside: of none of these.
    """
    groups = [[score for score in SCALE if group_of(score) == group] for group in get_args(Group)]
    values = {"tenant": tenant, "segments": list(segments), "since": since, "until": until}
    values |= {"about": list(about), "beside": list(beside)}
    values |= {"lowest": [min(one) for one in groups], "highest": [max(one) for one in groups]}
    rows = await uow.execute(FIND_COMMENTS, {**values, "limit": MOST_OF_A_GROUP})
    return [_answers.decode(row.body) for row in rows]


FIND_COLLEAGUES = "SELECT name FROM staff WHERE tenant = :tenant AND name <> '' ORDER BY id"


async def names_of_colleagues(uow: UnitOfWork, tenant: str) -> list[str]:
    """The names of everybody who works here, or did."""
    return list((await uow.execute(FIND_COLLEAGUES, {"tenant": tenant})).scalars())


class OverdueCase(NamedTuple):
    """An open case whose next deadline has passed."""

    id: UUID
    number: int
    due_at: datetime
    owner: str | None


FIND_OVERDUE = f"""
    SELECT c.id, c.number, c.due_at, s.name AS owner, count(*) OVER () AS number_of_all
    FROM cases c
    LEFT JOIN staff s ON s.tenant = c.tenant AND s.id = c.owner_id
    WHERE c.tenant = :tenant AND c.state <> 'closed' AND c.due_at < :now AND {VISIBLE}
    ORDER BY c.due_at, c.id
    LIMIT :limit
"""


async def overdue_cases(
    uow: UnitOfWork, tenant: str, segments: Sequence[str], limit: int
) -> tuple[list[OverdueCase], int]:
    """The cases that are overdue longest, of those that a reader may see, and how many there are."""
    values = {"tenant": tenant, "segments": list(segments), "now": uow.now, "limit": limit}
    rows = list(await uow.execute(FIND_OVERDUE, values))
    return (
        [OverdueCase(row.id, row.number, row.due_at, row.owner) for row in rows],
        rows[0].number_of_all if rows else 0,
    )


FIND_COMPANIES_WITHOUT_DEADLINE = f"""
    SELECT t.id FROM tenant t
    WHERE t.id {HAS_NOT_LEFT} AND NOT EXISTS (SELECT FROM clock k WHERE k.tenant = t.id AND k.kind = :kind)
    ORDER BY t.id
    LIMIT :limit
"""


async def companies_without_deadline(uow: UnitOfWork, kind: str, limit: int) -> list[str]:
    """Companies that have no deadline of this kind, and have not left."""
    rows = await uow.execute(FIND_COMPANIES_WITHOUT_DEADLINE, {"kind": kind, "limit": limit})
    return list(rows.scalars())


FIND_LATER = """
    SELECT tenant FROM clock
    WHERE kind = :kind AND tenant = ANY(CAST(:tenants AS text[])) AND due_at > :now
"""


async def companies_with_later_deadline(uow: UnitOfWork, kind: str, tenants: Collection[str]) -> list[str]:
    """Those of these companies whose deadline of this kind is not due yet."""
    values = {"kind": kind, "tenants": sorted(tenants), "now": uow.now}
    return list((await uow.execute(FIND_LATER, values)).scalars())


_answers = msgspec.json.Decoder(Answer)
