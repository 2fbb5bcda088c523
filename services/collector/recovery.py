"""What the collector remembers of what it has said, when its database was restored from an older backup."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from services.collector import repository
from shared.db.database import UnitOfWork
from shared.events import ANSWERS, Answer, Event
from shared.kafka.kernel import Subscription
from shared.kafka.ops.recovery import Cursor, Owned, Recovery
from shared.service import Context

LOST = "Which links were followed without an answer, as far as that was since the backup, is gone."


async def restore_answers(uow: UnitOfWork, events: Sequence[Event[Answer]]) -> None:
    """Take back each answer, one version after the other, so that the history has what stood before."""
    versions: defaultdict[tuple[str, UUID], list[Answer]] = defaultdict(list)
    for event in events:
        versions[event.tenant, event.data.id].append(event.data)
    while versions:
        round_: defaultdict[str, list[Answer]] = defaultdict(list)
        for (tenant, answer_id), waiting in list(versions.items()):
            round_[tenant].append(waiting.pop(0))
            if not waiting:
                del versions[tenant, answer_id]
        for tenant, answers in sorted(round_.items()):
            await repository.put_answers(uow, tenant, answers)


async def answers_page(
    uow: UnitOfWork, after: Cursor | None, most: int
) -> tuple[list[tuple[str, Answer]], Cursor | None]:
    """Every answer, as it stands."""
    things = await repository.lock_answers_after(uow, after, most)
    return things, (things[-1][0], things[-1][1].id) if len(things) == most else None


def recovery(context: Context) -> Recovery:  # noqa: ARG001  (one signature for all services)
    """What the collector reads again, and what it can publish again."""
    return Recovery(
        owned=(Owned(ANSWERS, answers_page),),
        reads=(Subscription(ANSWERS, restore_answers),),
        lost=LOST,
    )
