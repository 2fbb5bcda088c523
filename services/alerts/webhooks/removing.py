"""By the clock: the messages of webhooks that were deleted are removed, some thousands in a transaction."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from services.alerts.webhooks.repository.removal import remove_messages
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, set_deadlines

MOST_REMOVED = 5_000
"""In one transaction, of all webhooks."""
LAST_LOOK = timedelta(minutes=1)
"""So long after the last message: a transaction that knew the webhook may have queued one more."""


async def remove_deleted(uow: UnitOfWork, due: Sequence[Deadline]) -> Collection[Deadline]:
    """Remove messages of these webhooks, and come again until a look finds none."""
    fired: list[Deadline] = []
    again: list[Deadline] = []
    left = MOST_REMOVED
    for one in due:
        if left <= 0:
            break  # the others come in the next round
        removed, more = await remove_messages(uow, one.tenant, one.about_id, left)
        left -= removed
        if more and not removed:
            continue  # all that is left is in use
        fired.append(one)
        if removed:
            # Behind all that is due: another company's deadline is not kept waiting.
            again.append(one._replace(due_at=uow.now if more else uow.now + LAST_LOOK))
    await set_deadlines(uow, again)
    return [one for one in fired if one not in again]  # one whose time did not change stays
