"""A mail to the customer of a case: to whom it goes, and how it is written and given to the dispatcher."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from services.alerts.cases.domain.actor import Actor
from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.domain.case_mails import WrittenMail
from services.alerts.cases.domain.refusals import NotPossible
from services.alerts.cases.domain.timeline import Entries
from services.alerts.cases.repository import case_mails
from services.alerts.cases.repository.case_mails import CaseMailRow
from services.alerts.cases.schemas import ReplyAct
from services.alerts.replicas import repository as replicas
from shared.db.database import UnitOfWork
from shared.events import REPLIES, Answer, CaseReply, Invitation
from shared.pages.language import SOURCE_LANGUAGE
from shared.privacy.persons import NOBODY
from shared.values.messages import Count, message

MAX_MAILS_PER_DAY = 20
"""From one case: no program of a company floods a customer."""


class MailRecipient(NamedTuple):
    """The customer as a mail reaches them."""

    answer: Answer
    """By which they are known."""
    invitation: Invitation

    @property
    def language(self) -> str:
        """In which they answered."""
        return self.answer.language or self.invitation.language or SOURCE_LANGUAGE


async def mail_recipient(uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer]) -> MailRecipient | None:
    """To whom a mail from the case goes; None: no address is known.

    It is the customer of the answer that heads the case, else that of the first other one with an address.
    """
    invited = await replicas.invitations(uow, case.tenant, [answer.id for answer in answers])
    for answer in sorted(answers, key=lambda answer: answer.id != case.answer_id):
        invitation = invited.get(answer.id)
        if invitation is not None and not invitation.erased and invitation.customer.email:
            return MailRecipient(answer, invitation)
    return None


async def write_mail(
    uow: UnitOfWork,
    case: CaseFile,
    actor: Actor,
    answers: Sequence[Answer],
    entries: Entries,
    act: ReplyAct,
    key: str | None,
    fingerprint: str,
) -> bool:
    """Record a mail of a locked case, and publish it for the dispatcher; False: it was written before.

    :param fingerprint: the keyed hash of what is asked for.
    :raises NotPossible: when nobody may or can write to the customer, or the id is another mail's.
    """
    known = await case_mails.find(uow, case.tenant, act.id)
    if known is not None:
        if (known.case_id, known.fingerprint) != (case.id, fingerprint):
            raise NotPossible(message("This id is that of another mail. Give each mail an id of its own."))
        return False
    case.refuse_mail()
    recipient = await mail_recipient(uow, case, answers)
    if recipient is None:
        raise NotPossible(message("We know no mail address of this customer. Write a note instead."))
    if await case_mails.count_written(uow, case, timedelta(days=1)) >= MAX_MAILS_PER_DAY:
        raise NotPossible(
            message(
                "%(most)s mails were written from this case within a day. Wait until tomorrow.",
                most=Count(MAX_MAILS_PER_DAY),
            )
        )
    language = recipient.language
    written = WrittenMail(id=act.id, subject=act.subject, text=act.text, language=language)
    case.mailed(entries, uow.now, actor, written, key)
    row = mail_row(case, act.id, list(actor.readable), fingerprint, uow)
    await case_mails.add(uow, [row])
    invitation = recipient.invitation
    event = CaseReply(
        id=act.id,
        case_id=case.id,
        number=case.number,
        answer_id=recipient.answer.id,
        event_id=recipient.answer.event_id,
        subject=act.subject,
        text=act.text,
        language=language,
        author=actor.name if actor.id is not None else "",
        written_at=uow.now,
        customer_id=invitation.customer.id,
        contact_key=invitation.contact_key,
        person=invitation.person or case.person or NOBODY,
    )
    uow.publish(REPLIES, case.tenant, event)
    return True


def mail_row(
    case: CaseFile, mail_id: UUID, answers: list[UUID], fingerprint: str, uow: UnitOfWork
) -> CaseMailRow:
    """A new mail from a case, of which the dispatcher has told nothing yet."""
    return CaseMailRow(
        tenant=case.tenant,
        id=mail_id,
        case_id=case.id,
        direction="out",
        reply_id=mail_id,
        state="waiting",
        fingerprint=fingerprint,
        answers=answers,
        written_at=uow.now,
    )
