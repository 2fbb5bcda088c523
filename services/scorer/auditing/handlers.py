"""Keeps the collector's totals."""

from collections.abc import Sequence

from services.scorer.auditing import repository
from shared.db.database import UnitOfWork
from shared.events import AnswerTotal, Event
from shared.events.answer_totals import total_name
from shared.events.dedupe import newest


async def keep_totals(uow: UnitOfWork, events: Sequence[Event[AnswerTotal]]) -> None:
    """Keep the newest of each."""
    await repository.keep_totals(uow, newest(events, total_name))
