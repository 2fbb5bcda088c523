"""Actions of improvement: kept, since what is published of them is told to customers of closed cases."""

from collections.abc import Sequence

from services.dispatcher.updates import repository
from shared.db import UnitOfWork
from shared.events import Event, Improvement
from shared.events.dedupe import newest


async def keep_improvements(uow: UnitOfWork, events: Sequence[Event[Improvement]]) -> None:
    """Keep the newest version of each action; the loop ``updates`` looks whom it is told to."""
    await repository.keep(uow, newest(events, lambda improvement: improvement.id))
