"""Mails from cases, restored from their own topic after the database came from an older backup.

A mail leaves once its topic has it: so every one that may have left is there, and none that is not there was
sent. Those that waited may have left, and become unknown.
"""

from collections.abc import Sequence

from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail, moves_on
from services.dispatcher.replies.states import move_mail
from shared.db import UnitOfWork
from shared.events import CaseMail, Event
from shared.events.dedupe import newest
from shared.outbound.deliveries import POSSIBLY_SENT
from shared.privacy.persons import NOBODY


async def restore_case_mails(uow: UnitOfWork, events: Sequence[Event[CaseMail]]) -> None:
    """Keep the states of our mails, and which mails of customers were taken."""
    for event in newest(events, lambda mail: mail.id):
        mail = event.data
        if mail.direction == "in":
            await repository.insert_back(
                uow, event.tenant, mail.reply_id, mail.id, mail.at, automatic=mail.automatic
            )
            continue
        known = await repository.lock(uow, event.tenant, mail.id)
        if known is None:
            await repository.insert(uow, [_restored(event)])
        elif known.version < mail.version and moves_on(known.state, mail.state):
            await repository.write(uow, _restored(event))


def _restored(event: Event[CaseMail]) -> OutgoingMail:
    mail = event.data
    return OutgoingMail(
        tenant=event.tenant,
        id=mail.id,
        kind=mail.kind,
        version=mail.version,
        state=mail.state,
        reason=mail.reason,
        case_id=mail.case_id,
        case_number=0,
        answer_id=mail.answer_id,
        improvement_id=mail.improvement_id,
        customer_id=mail.customer_id,
        person=mail.person or NOBODY,
        contact_key=mail.contact_key,
        written_at=mail.at,
        words=None,
    )


async def settle_restored(uow: UnitOfWork, limit: int) -> int:
    """Make unknown what waited when it was last told of: it may have left since; how many mails."""
    mails = await repository.lock_undelivered(uow, limit)
    for mail in mails:
        await move_mail(uow, mail, "unknown", POSSIBLY_SENT)
    return len(mails)
