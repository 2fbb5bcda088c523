"""A mail from a case moves on, by its sender, a report, or a lease that ended; each step is published."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail, moves_on
from shared.db import UnitOfWork
from shared.events import CASE_MAILS, CaseMailState
from shared.telemetry import metrics


async def move_mail(
    uow: UnitOfWork, mail: OutgoingMail, state: CaseMailState, reason: str | None = None
) -> bool:
    """Move a locked mail to a state, and publish it; False: it has come further already, whoever said so."""
    if not moves_on(mail.state, state):
        return False
    moved = replace(mail, version=mail.version + 1, state=state, reason=reason)
    await repository.write(uow, moved)
    uow.publish(CASE_MAILS, mail.tenant, moved.event(uow.now))
    metrics.CASE_MAILS.labels(state).inc()
    return True


async def record_unknown(uow: UnitOfWork, ended: Sequence[tuple[str, UUID]], reason: str) -> None:
    """Move mails whose delivery has become unknown to that state, unless they have come to an end.

    :param ended: what the deliveries are about; ids of other things are passed over.
    """
    for tenant, about in ended:
        mail = await repository.lock(uow, tenant, about)
        if mail is not None:
            await move_mail(uow, mail, "unknown", reason)
