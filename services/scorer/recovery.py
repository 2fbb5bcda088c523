"""How the scorer recovers when its database was restored from an older backup: it reads its own topics again.

The answers are consumed again, and their scores published anew. But a fall that was found since the backup
would be found once more, as another one; and an action of improvement would be lost. What was taken back
since (links of screens, saved views, mails of views, comments for a model) is taken back again, as ``audit``
tells.
"""

from collections.abc import Sequence

from services.scorer.improvements import repository as improvements
from services.scorer.repository import falls
from services.scorer.saved_views.restoring import take_back_again
from services.scorer.themes.model_commands import switch_off_again
from shared.db.database import UnitOfWork
from shared.events import AUDIT, FALLS, IMPROVEMENTS, AuditLine, Event, Improvement, SegmentFall
from shared.events.dedupe import newest
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.service import Context


async def restore_falls(uow: UnitOfWork, events: Sequence[Event[SegmentFall]]) -> None:
    """Restore the newest state of each segment's fall."""
    await falls.restore(uow, newest(events, lambda fall: f"{fall.measurement}/{fall.segment}"))


async def falls_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, SegmentFall]], Cursor | None]:
    """The next falls behind a cursor, to be published again."""
    found = await falls.share_after(uow, after, limit)
    if len(found) < limit:
        return found, None
    tenant, last = found[-1]
    return found, (tenant, (last.measurement, last.segment))


async def restore_improvements(uow: UnitOfWork, events: Sequence[Event[Improvement]]) -> None:
    """Restore the newest state of each action; names of the staff are in no event."""
    await improvements.restore(uow, newest(events, lambda improvement: improvement.id))


async def improvements_page(
    uow: UnitOfWork, after: Cursor | None, limit: int
) -> tuple[list[tuple[str, Improvement]], Cursor | None]:
    """The next actions behind a cursor, to be published again."""
    found = await improvements.share_after(uow, after, limit)
    if len(found) < limit:
        return found, None
    tenant, last = found[-1]
    return found, (tenant, last.id)


async def restore_audited(uow: UnitOfWork, events: Sequence[Event[AuditLine]]) -> None:
    """Take back again what these lines say was taken back."""
    await take_back_again(uow, events)
    await switch_off_again(uow, events)


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What the scorer reads again, and what it can publish again."""
    return Recovery(
        owned=(Owned(FALLS, falls_page), Owned(IMPROVEMENTS, improvements_page)),
        reads=(
            Subscription(FALLS, restore_falls),
            Subscription(IMPROVEMENTS, restore_improvements),
            Subscription(AUDIT, restore_audited),
        ),
    )
