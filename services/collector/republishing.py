"""Publishes answers again as they are now, through the outbox; who has them already drops them by version.

So a reader that has lost answers, or begins with an empty database, gets them again while the collector runs:
``afterword recover collector --say-again`` publishes everything, and only while the service stands.

Anonymous answers are published again like the others, once they are final; the collector knows only the days
of them. A scorer that has counted one keeps what it counted. An empty one lets them wait, and puts them into
bundles anew, which need not be those of before.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta

from services.collector.repository.answers import lock_answers_after
from services.collector.suspicion import published
from shared.db.database import Database
from shared.events import ANSWERS
from shared.kafka.ops.recovery import ROWS_PER_PAGE, Cursor

FIRST_ZONE = timedelta(hours=14)
"""A day begins so long before it does in UTC where it begins first."""


async def republish(
    database: Database,
    since: date,
    *,
    tenant: str | None = None,
    each_page: Callable[[int], Awaitable[None]] | None = None,
    per_page: int = ROWS_PER_PAGE,
) -> int:
    """Publish the present state of every answer that was changed on this day, anywhere, or later; how many.

    :param tenant: only those of a company.
    :param each_page: awaited after each transaction, with how many were published so far.
    """
    begins = datetime.combine(since, time(), UTC) - FIRST_ZONE
    after: Cursor | None = None
    count = 0
    while True:
        async with database.transaction() as uow:
            found = await lock_answers_after(uow, after, per_page, only=tenant, since=begins)
            for owner, answer in found:
                uow.publish(ANSWERS, owner, published(answer))
        count += len(found)
        if each_page is not None:
            await each_page(count)
        if len(found) < per_page:
            return count
        after = (found[-1][0], found[-1][1].id)
