"""The deliveries of mails from cases: each is judged once more, sent once, and its end told to the case."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy import Row

from services.dispatcher.decisions.loading import candidate_from
from services.dispatcher.invitations.queue import used_sender
from services.dispatcher.invitations.survey_mail import THE_COMPANY, MailSender
from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.replies.judging import JudgedMail, judge
from services.dispatcher.replies.reply_mail import ReplyMailRenderer
from services.dispatcher.replies.states import move_mail
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.domain import Sending
from services.dispatcher.sending.sending_commands import sending_from
from shared.db import UnitOfWork
from shared.mail import MailMessage
from shared.outbound import Delivery, MailResult, Postponed, Prepared, Withdrawn


class MailWriter(Protocol):
    """What judges and renders the mails of one kind."""

    async def write(
        self, uow: UnitOfWork, mail: OutgoingMail, sending: Sending
    ) -> MailMessage | Withdrawn | Postponed:
        """The mail that leaves now, or what becomes of one that may not: by every rule once more."""


class ReplyWriter:
    """What colleagues wrote."""

    def __init__(self, renderer: ReplyMailRenderer, secret: str, *, company_senders: bool = False) -> None:
        """:param company_senders: whether mails may come from a company's own address."""
        self._renderer = renderer
        self._secret = secret
        self._company_senders = company_senders

    async def write(
        self, uow: UnitOfWork, mail: OutgoingMail, sending: Sending
    ) -> MailMessage | Withdrawn | Postponed:
        """The mail in the name of its colleague."""
        judged = await judge(uow, self._secret, mail, sending)
        words = mail.words
        if judged.reason is not None or judged.invitation is None or words is None:
            return Withdrawn(judged.reason or "no_address")
        own = sender_of(self._secret, judged, company_senders=self._company_senders)
        return self._renderer.message(
            mail, words, judged.invitation, judged.tenant, own, mailed=judged.mailed
        )


def sender_of(secret: str, judged: JudgedMail, *, company_senders: bool) -> MailSender:
    """Whom a mail from a case comes from: as mails of its invitation's survey do."""
    if judged.inputs is None:
        return THE_COMPANY
    own = used_sender(secret, judged.tenant.id, judged.inputs) if company_senders else THE_COMPANY
    return own.named_by(candidate_from(judged.inputs) if judged.inputs.id is not None else None)


class ReplyQueue:
    """Deliveries of mails from cases to customers: a :class:`shared.outbound.Queue`."""

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""
    claim_sql = repository.CLAIM

    def __init__(self, writers: Mapping[str, MailWriter]) -> None:
        """:param writers: by the kind of the mails that they write."""
        self._writers = writers

    async def prepare(
        self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]
    ) -> Prepared | Withdrawn | Postponed | None:
        """Ask every rule once more, and render the mail."""
        # Locked until the commit: a stop of all sending waits for this claim, and no later one begins.
        sending = sending_from(await sending_rows.share(uow, delivery.tenant))
        if sending.stopped:
            return None
        mail = repository.read_mail(row, "mail_")
        written = await self._writers[delivery.kind].write(uow, mail, sending)
        if isinstance(written, Withdrawn):
            await move_mail(uow, mail, "refused", written.reason)
        return Prepared(written, about=mail) if isinstance(written, MailMessage) else written

    async def record(
        self, uow: UnitOfWork, delivery: Delivery, about: OutgoingMail, result: MailResult
    ) -> bool:
        """Tell the case what became of it; one that is tried again goes on waiting."""
        if result.state not in {"sent", "failed", "unknown"}:
            return False
        mail = await repository.lock(uow, delivery.tenant, about.id)
        if mail is not None:
            await move_mail(uow, mail, result.state, result.reason)
        return False
