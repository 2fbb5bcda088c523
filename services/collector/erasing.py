"""Erasure: invitations and answers lose whose they are and what was written; links end; scores stay."""

from collections.abc import Sequence

from services.collector.domain import amended
from services.collector.repository import answers, erasing
from services.collector.suspicion import published
from shared.db.database import UnitOfWork
from shared.events import ANSWERS
from shared.privacy.erased import Target
from shared.privacy.subjects import erase_event


async def erase(uow: UnitOfWork, targets: Sequence[Target]) -> Sequence[Target]:
    """Erase these customers; nothing of theirs is ever under way here."""
    await erasing.erase_invitations(uow, targets)
    for tenant, stored in (await erasing.lock_answers(uow, targets)).items():
        erased = [amended(answer, erase_event(answer), uow.now) for answer in stored]
        await answers.put_answers(uow, tenant, erased)
        for answer in erased:
            uow.publish(ANSWERS, tenant, published(answer))
    return ()
