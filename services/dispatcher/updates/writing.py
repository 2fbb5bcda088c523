"""The mail of an update that is due: judged once more, and rendered."""

from services.dispatcher.decisions.policy import ContactPolicy
from services.dispatcher.replies.domain import OutgoingMail
from services.dispatcher.replies.queue import sender_of
from services.dispatcher.sending.domain import Sending
from services.dispatcher.updates import repository
from services.dispatcher.updates.domain import text_for
from services.dispatcher.updates.judging import judge_update
from services.dispatcher.updates.update_mail import UpdateMailRenderer
from shared.db import UnitOfWork
from shared.mail import MailMessage
from shared.outbound import Postponed, Withdrawn


class UpdateWriter:
    """What tells customers of actions: a :class:`services.dispatcher.replies.queue.MailWriter`."""

    def __init__(
        self,
        renderer: UpdateMailRenderer,
        secret: str,
        policy: ContactPolicy,
        *,
        company_senders: bool = False,
    ) -> None:
        """:param company_senders: whether mails may come from a company's own address."""
        self._renderer = renderer
        self._secret = secret
        self._policy = policy
        self._company_senders = company_senders

    async def write(
        self, uow: UnitOfWork, mail: OutgoingMail, sending: Sending
    ) -> MailMessage | Withdrawn | Postponed:
        """The mail with the newest text of the action. Of two to one person at once one waits."""
        await repository.lock_person(uow, mail)
        judged = await judge_update(uow, self._secret, self._policy, mail, sending)
        found, invitation = judged.found, judged.found.invitation
        if found.reason is not None or invitation is None:
            return Withdrawn(found.reason or "no_address")
        if judged.hold.by is not None:
            return Postponed(judged.hold.until, judged.hold.by)
        language, text = text_for(judged.texts, invitation.language, *found.tenant.languages)
        own = sender_of(self._secret, found, company_senders=self._company_senders)
        return self._renderer.message(
            mail, language, text, invitation, found.tenant, own, mailed=found.mailed
        )
