"""Totals after a restore: those that were published since the backup are read back, and counted again."""

from collections.abc import Sequence

from services.collector.totals import repository
from services.collector.totals.repository import restore_totals
from shared.db.database import UnitOfWork
from shared.events import ANSWER_TOTALS, AnswerTotal, Event
from shared.events.answer_totals import total_name
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned


async def _restore(uow: UnitOfWork, events: Sequence[Event[AnswerTotal]]) -> None:
    await restore_totals(uow, newest(events, total_name))


async def _page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, AnswerTotal]], Cursor | None]:
    found = await repository.share_after(uow, after, limit)
    if len(found) < limit:
        return found, None
    tenant, last = found[-1]
    return found, (tenant, total_name(last))


OWNED_TOTALS = Owned(ANSWER_TOTALS, _page)
READ_TOTALS = Subscription(ANSWER_TOTALS, _restore)
