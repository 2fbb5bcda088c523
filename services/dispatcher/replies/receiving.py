"""A customer's mail to the address of a case: taken once, told to the case, and not kept here."""

import asyncio
from datetime import timedelta
from typing import Literal

import structlog

from services.dispatcher.bounces.failures import ReportSource
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import MAX_BACK_PER_DAY, OutgoingMail
from services.dispatcher.replies.reading import ReceivedMail, UnreadableMail, read_received
from shared.db import Database, UnitOfWork
from shared.events import CASE_MAILS, CaseMail
from shared.ids import derived
from shared.mail.references import MailReference
from shared.privacy.erased import find_erased
from shared.privacy.persons import NOBODY
from shared.privacy.subjects import Subject
from shared.telemetry import metrics
from shared.tenancy.closed import is_open
from shared.values.addresses import canonical_address

log = structlog.get_logger()

BackTaken = Literal["stored", "automatic", "repeated", "unknown", "too_many", "unreadable"]


async def take_received(
    database: Database,
    content: bytes,
    reply: MailReference,
    source: ReportSource,
    *,
    null_sender: bool = False,
) -> BackTaken:
    """Take a mail in a transaction of its own, and count it.

    :param reply: the mail from a case that it answers, of the signed address that it came to.
    """
    try:
        received = await asyncio.to_thread(read_received, content, null_sender=null_sender)
    except UnreadableMail:
        taken: BackTaken = "unreadable"
    else:
        async with database.transaction() as uow:
            taken = await _take(uow, received, reply)
    metrics.MAILS_BACK.labels(source, taken).inc()
    log.info("mail_back", mail=str(reply.about_id), taken=taken, source=source)
    return taken


async def _take(uow: UnitOfWork, received: ReceivedMail, reply: MailReference) -> BackTaken:
    mail = await repository.lock_by_id(uow, reply.about_id)
    if mail is None or mail.person == NOBODY or not await is_open(uow, mail.tenant):
        return "unknown"
    if await find_erased(uow, [Subject(mail.tenant, mail.person, mail.contact_key)]):
        return "unknown"
    back_id = derived("mail back", mail.tenant, str(mail.id), received.identity)
    if await repository.count_back(uow, mail, timedelta(days=1)) >= MAX_BACK_PER_DAY:
        return "too_many"
    if not await repository.insert_back(
        uow, mail.tenant, mail.id, back_id, uow.now, automatic=received.automatic
    ):
        return "repeated"
    event = CaseMail(
        id=back_id,
        version=1,
        direction="in",
        kind=mail.kind,
        reply_id=mail.id,
        case_id=mail.case_id,
        answer_id=mail.answer_id,
        state="came",
        at=uow.now,
        subject=received.subject,
        text=received.text,
        cut=received.cut,
        automatic=received.automatic,
        other_sender=not await _is_from_customer(uow, mail, received.sender),
        attachments=received.attachments,
        customer_id=mail.customer_id,
        contact_key=mail.contact_key,
        person=mail.person,
    )
    uow.publish(CASE_MAILS, mail.tenant, event)
    return "automatic" if received.automatic else "stored"


async def _is_from_customer(uow: UnitOfWork, mail: OutgoingMail, sender: str) -> bool:
    """Whether a mail says that it comes from where ours went; nobody has proved it."""
    row = await repository.find_about(uow, mail)
    address = read_invitation(row).customer.email if row is not None else None
    return address is not None and canonical_address(sender) == canonical_address(address)
