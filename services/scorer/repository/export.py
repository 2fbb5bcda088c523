"""What the scorer keeps of one customer."""

from shared.db.database import UnitOfWork
from shared.privacy.export import CountedAnswerRecord, ExportQuery, ExportSection, of_person, section_of

FIND_ANSWERS = f"""
    SELECT t.id, t.customer_id, t.score, t.was, t.comment, t.measurement, t.touchpoint, t.segments,
        t.language, t.origin, t.day, t.answered_at, t.changed_at
    FROM answer t
    WHERE {of_person("coalesce(t.answered_at, t.changed_at)")}
"""


async def read_export(uow: UnitOfWork, query: ExportQuery) -> list[ExportSection]:
    """The person's answers as they count."""
    if not query.asks_for("counted_answer"):
        return []
    rows = await uow.execute(FIND_ANSWERS, query.values())
    records = [
        CountedAnswerRecord(
            at=row.answered_at or row.changed_at,
            obtained_from="import" if row.origin == "import" else "customer",
            id=row.id,
            customer_id=row.customer_id,
            score=row.score,
            score_before=row.was,
            comment=row.comment,
            measurement=row.measurement,
            touchpoint=row.touchpoint,
            counts_for=tuple(row.segments),
            language=row.language,
            day=row.day,
            answered_at=row.answered_at,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
    return [section_of(query, "scorer", "counted_answer", records)]
