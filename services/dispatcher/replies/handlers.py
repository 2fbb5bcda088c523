"""Mails that colleagues have written in cases: each is taken once, and refused or queued."""

from collections.abc import Sequence

from msgspec.structs import replace

from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import MailWords, OutgoingMail
from services.dispatcher.replies.judging import judge
from services.dispatcher.replies.queueing import queue_mails
from services.dispatcher.sending.sending_commands import find_sending
from shared.db import UnitOfWork
from shared.events import CaseReply, Event
from shared.events.dedupe import newest
from shared.privacy.persons import NOBODY


async def take_replies(secret: str, uow: UnitOfWork, events: Sequence[Event[CaseReply]]) -> None:
    """Take the mails that are new here, and publish of each that it waits, or why it never leaves."""
    written = newest(events, lambda reply: reply.id)
    known = await repository.known(uow, [(event.tenant, event.data.id) for event in written])
    taken = []
    for event in written:
        if (event.tenant, event.data.id) in known:
            continue
        mail = _waiting(event)
        if event.data.erased:
            taken.append(replace(mail, state="refused", reason="erased", words=None))
            continue
        judged = await judge(uow, secret, mail, await find_sending(uow, event.tenant))
        mail = judged.named(mail)
        if judged.reason is not None:
            mail = replace(mail, state="refused", reason=judged.reason, words=None)
        taken.append(mail)
    await queue_mails(uow, "reply", taken)


def _waiting(event: Event[CaseReply]) -> OutgoingMail:
    reply = event.data
    return OutgoingMail(
        tenant=event.tenant,
        id=reply.id,
        kind=reply.kind,
        version=1,
        state="waiting",
        reason=None,
        case_id=reply.case_id,
        case_number=reply.number,
        answer_id=reply.answer_id,
        customer_id=reply.customer_id,
        person=reply.person or NOBODY,
        contact_key=reply.contact_key,
        written_at=reply.written_at,
        words=MailWords(subject=reply.subject, text=reply.text, language=reply.language, author=reply.author),
    )
