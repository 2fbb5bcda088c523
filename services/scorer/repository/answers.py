"""Reads the answers that the counts are made of."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from services.scorer.pair_names import without_pairs
from services.scorer.replies import read_replies
from services.scorer.repository.counts import window_counts
from services.scorer.repository.selection import AnswerFilter, Selection
from services.scorer.windows import Window
from shared.db.database import UnitOfWork
from shared.events import Reply


class AnswerRow(NamedTuple):
    """An answer with the newest of its cases."""

    id: UUID
    score: int
    was: int | None
    """The score before its last change."""
    day: date
    touchpoint: str | None
    comment: str | None
    language: str | None
    origin: str
    answered_at: datetime
    case_id: UUID | None
    case_number: int | None
    replies: tuple[Reply, ...] = ()
    """To the follow-up and the further questions."""
    segments: tuple[str, ...] = ()
    """In which it counts, beside the company and pairs."""
    themes: tuple[str, ...] = ()
    """That its comment names."""


MAX_SORTED = 10_000
"""Answers of a pair that are all read and sorted for a list of the latest."""

_ANSWER_WITH_CASE = """
    SELECT a.id, a.score, a.was, a.day, a.touchpoint, a.comment, a.language, a.origin, a.answered_at,
           c.id AS case_id, c.number AS case_number, CAST(a.replies AS text) AS replies,
           a.segments, a.themes
    FROM answer AS a
    LEFT JOIN LATERAL (
        SELECT id, number
        FROM case_copy
        WHERE tenant = a.tenant AND answer_id = a.id
        ORDER BY number DESC
        LIMIT 1
    ) AS c ON true
"""
_OF_SELECTION = """
    WHERE a.tenant = :tenant AND a.segments @> CAST(:selection AS text[]) AND a.score IS NOT NULL
      AND a.measurement = :measurement AND {of_pair}
"""

LIST_LATEST_COMMENTS = f"""
    {_ANSWER_WITH_CASE}
    {_OF_SELECTION}
      AND a.comment <> '' AND a.day BETWEEN :first AND :last
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT :limit
"""


async def latest_comments(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, limit: int
) -> list[AnswerRow]:
    """The answers with a comment in a window, latest first."""
    rows = await uow.execute(
        LIST_LATEST_COMMENTS.format(of_pair=await _of_few(uow, selection, measurement, window)),
        selection.values()
        | selection.row_values(measurement, window)
        | {"measurement": measurement, "first": window.first, "last": window.last, "limit": limit},
    )
    return [_answer(row) for row in rows]


_FILTERED = """
      AND a.day BETWEEN :first AND :last
      AND a.score BETWEEN CAST(:low AS smallint) AND CAST(:high AS smallint)
      AND (CAST(:words AS text) = '' OR strpos(lower(a.comment), lower(CAST(:words AS text))) > 0)
      AND (CAST(:theme AS text) = '' OR a.themes @> ARRAY[CAST(:theme AS text)])
      AND (CAST(:channel AS text) = '' OR a.origin = :channel OR EXISTS (
            SELECT FROM invitation AS i
            WHERE i.tenant = a.tenant AND i.id = a.id AND a.origin = 'survey' AND i.channel = :channel))
"""
LIST_ANSWERS = f"""
    {_ANSWER_WITH_CASE}
    {_OF_SELECTION}
    {_FILTERED}
      AND (CAST(:after_at AS timestamptz) IS NULL
           OR (a.answered_at, a.id) < (:after_at, CAST(:after_id AS uuid)))
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT :limit
"""


async def list_answers(
    uow: UnitOfWork,
    selection: Selection,
    measurement: str,
    window: Window,
    limit: int,
    after: tuple[datetime, UUID] | None,
    only: AnswerFilter,
) -> list[AnswerRow]:
    """The answers that the counts of a window are made of, latest first, from a place in the list on."""
    after_at, after_id = after or (None, None)
    rows = await uow.execute(
        LIST_ANSWERS.format(of_pair=await _of_few(uow, selection, measurement, window)),
        selection.values()
        | selection.row_values(measurement, window)
        | only.values()
        | {"measurement": measurement, "first": window.first, "last": window.last, "limit": limit}
        | {"after_at": after_at, "after_id": after_id},
    )
    return [_answer(row) for row in rows]


COUNT_LISTED_ANSWERS = f"""
    SELECT count(*)
    FROM answer AS a
    {_OF_SELECTION}
    {_FILTERED}
"""


async def count_listed_answers(
    uow: UnitOfWork, selection: Selection, measurement: str, window: Window, only: AnswerFilter
) -> int:
    """How many answers the whole list has."""
    row = await uow.execute(
        COUNT_LISTED_ANSWERS.format(of_pair=selection.row_condition("a")),
        selection.values()
        | selection.row_values(measurement, window)
        | only.values()
        | {"measurement": measurement, "first": window.first, "last": window.last},
    )
    return int(row.scalar_one())


FIND_LATEST_ANSWER = f"""
    {_ANSWER_WITH_CASE}
    {_OF_SELECTION}
      AND a.origin <> 'import' AND a.answered_at > :since
    ORDER BY a.answered_at DESC, a.id DESC
    LIMIT 1
"""


async def find_latest_answer(
    uow: UnitOfWork, selection: Selection, measurement: str, since: datetime
) -> AnswerRow | None:
    """The latest answer since then; imports are not shown as the latest answer."""
    rows = await uow.execute(
        FIND_LATEST_ANSWER.format(of_pair="true"),
        selection.values() | {"measurement": measurement, "since": since},
    )
    row = rows.one_or_none()
    return _answer(row) if row else None


async def _of_few(uow: UnitOfWork, selection: Selection, measurement: str, window: Window) -> str:
    """The condition by which a list finds the answers of a pair that has few; of one with many, the latest
    are sooner found by their time.
    """
    if (kept := selection.kept) is None or not selection.is_pair:
        return "true"
    counts = await window_counts(uow, selection.tenant, measurement, kept, window)
    return selection.row_condition("a") if sum(counts) <= MAX_SORTED else "true"


def _answer(row: Row[Any]) -> AnswerRow:
    return AnswerRow._make(row)._replace(
        replies=read_replies(row.replies),
        segments=without_pairs(row.segments),
        themes=tuple(row.themes or ()),
    )
