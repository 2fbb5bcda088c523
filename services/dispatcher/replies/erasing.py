"""Erasure of the mails from cases: whose they were, their words, and what was published of them."""

from collections.abc import Sequence

from msgspec.structs import replace

from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.repository.erasing import drop_deliveries
from shared.db import UnitOfWork
from shared.events import CASE_MAILS
from shared.events.envelope import record_key
from shared.privacy.erased import Target
from shared.privacy.subjects import Subject, erase_event


async def erase_case_mails(uow: UnitOfWork, targets: Sequence[Target]) -> set[Target]:
    """Erase these customers from their mails; returns those of whom one is being sent, who come again.

    Deliveries are locked before mails, as senders lock them. A mail that waits is never sent; that a case has
    ended with its customer alerts knows by itself.
    """
    deliveries = await repository.lock_deliveries_of(uow, targets)
    sending = {(row.tenant, row.about_id) for row in deliveries if row.state == "sending"}
    mails = await repository.lock_mails_of(uow, targets)
    under_way = {
        target
        for mail in mails
        if (mail.tenant, mail.id) in sending
        for target in targets
        if target.covers(Subject(mail.tenant, mail.person, mail.contact_key))
    }
    settled = [mail for mail in mails if (mail.tenant, mail.id) not in sending]
    if not settled:
        return under_way
    await drop_deliveries(uow, [(mail.tenant, mail.id) for mail in settled])
    back = await repository.erase_mails(uow, settled)
    updates = [mail for mail in settled if mail.kind == "update"]
    for mail in updates:
        _publish_erased(uow, mail)
    letters = {(mail.tenant, mail.id) for mail in settled} - {(mail.tenant, mail.id) for mail in updates}
    for tenant, mail_id in sorted({*letters, *back}):
        uow.publish_tombstone(CASE_MAILS.name, record_key(tenant, str(mail_id)))
    return under_way


def _publish_erased(uow: UnitOfWork, mail: OutgoingMail) -> None:
    """Of an update it stays known what became of it: it is counted, and not written again after a restore."""
    refused = replace(mail, state="refused", reason="erased") if mail.state == "waiting" else mail
    erased = replace(refused, version=mail.version + 1)
    uow.publish(CASE_MAILS, mail.tenant, erase_event(erased.event(uow.now)))
