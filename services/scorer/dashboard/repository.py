"""Counts the causes with which staff closed cases."""

from collections.abc import Sequence
from datetime import datetime

from services.scorer.improvements.repository import WITH_A_CAUSE, CauseFrequency
from services.scorer.repository.selection import Selection
from shared.db.database import UnitOfWork

LIST_CHOSEN_CAUSES = f"""
    SELECT c.cause, count(*) AS n
    FROM case_copy c
    WHERE {WITH_A_CAUSE} AND c.closed_at >= :since AND c.closed_at < :until
    GROUP BY c.cause
    ORDER BY n DESC, c.cause
"""


async def list_chosen_causes(
    uow: UnitOfWork, selection: Selection, since: datetime, until: datetime
) -> Sequence[CauseFrequency]:
    """The causes of the cases of a selection that were closed in a time, the most frequent first."""
    rows = await uow.execute(LIST_CHOSEN_CAUSES, selection.values() | {"since": since, "until": until})
    return [CauseFrequency(row.cause, row.n) for row in rows]
