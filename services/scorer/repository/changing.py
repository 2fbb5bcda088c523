"""Gives answers and invitations other segments, and changes the counts by what comes and goes."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from services.scorer.repository.counting import KEEP_AND_COUNT
from shared.db.bulk import array_sql, joined
from shared.db.database import UnitOfWork
from shared.events import WHOLE_COMPANY


class SegmentsChange(NamedTuple):
    """An answer or invitation that is to have other segments."""

    id: UUID
    segments: tuple[str, ...]
    """As they were read: it is changed only where they are still these."""
    changed: tuple[str, ...]

    @property
    def came(self) -> list[str]:
        """Those that it had not."""
        return [each for each in self.changed if each not in self.segments]

    @property
    def went(self) -> list[str]:
        """Those that it has no longer."""
        return [each for each in self.segments if each not in self.changed]


# In the order in which whoever counts locks answers. Where a row was written after it was read, it stays.
CHANGE_SEGMENTS = f"""
    UPDATE {{table}} AS t
    SET segments = n.changed
    FROM (
        SELECT id, {array_sql("r.segments")} AS segments, {array_sql("r.changed")} AS changed,
            {array_sql("r.came")} AS came, {array_sql("r.went")} AS went
        FROM (
            SELECT id FROM {{table}} WHERE tenant = :tenant AND id = ANY(CAST(:ids AS uuid[]))
            ORDER BY id
            FOR NO KEY UPDATE
        ) AS l
        JOIN unnest(
            CAST(:ids AS uuid[]), CAST(:segments AS text[]), CAST(:changed AS text[]),
            CAST(:came AS text[]), CAST(:went AS text[])
        ) AS r (id, segments, changed, came, went) USING (id)
    ) AS n
    WHERE t.tenant = :tenant AND t.id = n.id AND t.segments = n.segments
"""
# Only what came and went is counted: the other segments, of which an answer has many, cancel out as the
# company does.
_CHANGED = """
    new.tenant, new.id, new.measurement, new.day, n.came AS segments, new.score,
    new.measurement AS old_measurement, new.day AS old_day, n.went AS old_segments, new.score AS old_score
"""
CHANGE_AND_COUNT = KEEP_AND_COUNT.format(
    keep_answers=f"{CHANGE_SEGMENTS.format(table='answer')} RETURNING {_CHANGED}"
)


async def change_segments(uow: UnitOfWork, tenant: str, changes: Sequence[SegmentsChange]) -> None:
    """Give answers other segments, and change the counts by the differences, as an amendment would."""
    values = {**change_values(tenant, changes), "company": WHOLE_COMPANY, "now": uow.now, "return_new": False}
    await uow.execute(CHANGE_AND_COUNT, values)


def change_values(tenant: str, changes: Sequence[SegmentsChange]) -> dict[str, object]:
    """The parameters of ``CHANGE_SEGMENTS``."""
    return {
        "tenant": tenant,
        "ids": [change.id for change in changes],
        "segments": [joined(change.segments) for change in changes],
        "changed": [joined(change.changed) for change in changes],
        "came": [joined(change.came) for change in changes],
        "went": [joined(change.went) for change in changes],
    }
