"""Which services have erased which customers."""

from collections.abc import Sequence

from services.dispatcher.erasures import repository
from shared.db import UnitOfWork
from shared.db.notifications import notify_changes
from shared.events import ErasureConfirmed, Event


async def keep_confirmations(uow: UnitOfWork, events: Sequence[Event[ErasureConfirmed]]) -> None:
    """Keep the confirmations, for the erasure's page."""
    await repository.keep_confirmations(uow, events)
    notify_changes(uow, [event.tenant for event in events])
