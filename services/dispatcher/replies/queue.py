"""The deliveries of mails from cases: each is judged once more, sent once, and its end told to the case."""

from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.loading import candidate_from
from services.dispatcher.invitations.queue import used_sender
from services.dispatcher.invitations.survey_mail import THE_COMPANY
from services.dispatcher.replies import repository
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.replies.judging import judge
from services.dispatcher.replies.reply_mail import ReplyMailRenderer
from services.dispatcher.replies.states import move_mail
from services.dispatcher.sending import repository as sending_rows
from services.dispatcher.sending.sending_commands import sending_from
from shared.db import UnitOfWork
from shared.outbound import Delivery, MailResult, Prepared, Withdrawn


class ReplyQueue:
    """Deliveries of mails from cases to customers: a :class:`shared.outbound.Queue`."""

    service = "dispatcher"
    most_tries = None
    """They are given up when they are too old."""
    claim_sql = repository.CLAIM

    def __init__(self, renderer: ReplyMailRenderer, secret: str, *, company_senders: bool = False) -> None:
        """:param company_senders: whether mails may come from a company's own address."""
        self._renderer = renderer
        self._secret = secret
        self._company_senders = company_senders

    async def prepare(
        self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]
    ) -> Prepared | Withdrawn | None:
        """Ask every rule once more, and render the mail."""
        # Locked until the commit: a stop of all sending waits for this claim, and no later one begins.
        sending = sending_from(await sending_rows.share(uow, delivery.tenant))
        if sending.stopped:
            return None
        mail = repository.read_mail(row, "mail_")
        judged = await judge(uow, self._secret, mail, sending)
        reason, words = judged.reason, mail.words
        if reason is not None or judged.invitation is None or judged.inputs is None or words is None:
            reason = reason or "no_address"
            await move_mail(uow, mail, "refused", reason)
            return Withdrawn(reason)
        own = used_sender(self._secret, mail.tenant, judged.inputs) if self._company_senders else THE_COMPANY
        survey = candidate_from(judged.inputs) if judged.inputs.id is not None else None
        message = self._renderer.message(
            mail, words, judged.invitation, judged.tenant, own.named_by(survey), mailed=judged.mailed
        )
        return Prepared(message, about=mail)

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
