"""Erasure: an answer loses whose it is and what was written; what is counted of it stays."""

from collections.abc import Sequence

from services.scorer.repository import erasing
from shared.db.database import UnitOfWork
from shared.db.notifications import notify_changes
from shared.privacy.erased import Target


async def erase(uow: UnitOfWork, targets: Sequence[Target]) -> Sequence[Target]:
    """Erase these customers; nothing of theirs is ever under way here."""
    await erasing.erase_answers(uow, targets)
    notify_changes(uow, [target.tenant for target in targets])
    return ()
