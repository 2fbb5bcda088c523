"""What the scorer keeps of one customer."""

from typing import Any

from sqlalchemy import Row

from services.scorer.pair_names import without_pairs
from services.scorer.replies import read_replies
from shared.db.database import UnitOfWork
from shared.privacy.export import ExportQuery, ExportSection, ExportSource, of_person, read_sources
from shared.privacy.export_records import CountedAnswerRecord, origin_of, record_of

FIND_ANSWERS = f"""
    SELECT t.id, t.customer_id, t.score, t.was, t.comment, t.themes,
        CAST(t.replies AS text) AS replies,
        t.measurement, t.touchpoint, t.segments, t.language, t.origin, t.day, t.answered_at, t.changed_at
    FROM answer t
    WHERE {of_person("coalesce(t.answered_at, t.changed_at)")}
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's answers as they count."""
    return await read_sources(uow, query, "scorer", SOURCES)


def _answer(row: Row[Any]) -> CountedAnswerRecord:
    return record_of(
        CountedAnswerRecord,
        row,
        at=row.answered_at or row.changed_at,
        obtained_from=origin_of(row.origin),
        score_before=row.was,
        themes=tuple(row.themes or ()),
        counts_for=without_pairs(row.segments),
        replies=read_replies(row.replies),
    )


SOURCES = (ExportSource("counted_answer", FIND_ANSWERS, _answer),)
