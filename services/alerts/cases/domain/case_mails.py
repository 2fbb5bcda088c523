"""A case from which colleagues write to the customer, and on which the customer answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.alerts.calendars.domain import Calendar
from services.alerts.cases.domain.actor import CUSTOMER, SYSTEM, Actor
from services.alerts.cases.domain.case_objections import CaseObjections
from services.alerts.cases.domain.policy import CasePolicy
from services.alerts.cases.domain.refusals import NotPossible
from services.alerts.cases.domain.timeline import Entries
from shared.events import CaseMail
from shared.values.messages import message


class WrittenMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to the customer, as a colleague wrote it."""

    id: UUID
    subject: str
    text: str
    language: str


class CaseMails(CaseObjections, kw_only=True):
    """A case with its mails."""

    def refuse_mail(self) -> None:
        """Refuse to write to the customer where that may not be.

        :raises NotPossible: when the customer was erased, was never known or wants no contact, or the case
            goes on in another one.
        """
        self._refuse_if_erased()
        if self.anonymous:
            raise NotPossible(
                message("The answer is anonymous: there is nobody to contact. Write a note instead.")
            )
        if self.may_contact is False:
            raise NotPossible(message("The customer does not want to be contacted. Write a note instead."))
        if self.merged_into is not None:
            raise NotPossible(message("This case is a duplicate. Write to the customer from the other case."))

    def mailed(
        self, entries: Entries, now: datetime, actor: Actor, mail: WrittenMail, key: str | None
    ) -> None:
        """Record a mail to the customer, which the dispatcher is to send."""
        self.refuse_mail()
        facts = {"mail_id": str(mail.id), "subject": mail.subject, "language": mail.language}
        self._work(entries, now, actor, "mailed", key, text=mail.text, **facts)

    def mail_restored(
        self,
        entries: Entries,
        now: datetime,
        written_at: datetime,
        author: str,
        mail: WrittenMail,
        answer: UUID,
    ) -> None:
        """Record a mail that was written after the backup from which the case was restored."""
        facts = {"mail_id": str(mail.id), "subject": mail.subject, "language": mail.language}
        self._add(
            entries, written_at, Actor(None, author), "mailed", answers=[answer], text=mail.text, **facts
        )
        self.changed_at = now

    def mail_left(self, entries: Entries, now: datetime, at: datetime, answers: Sequence[UUID]) -> None:
        """A mail to the customer was sent: the first one meets the first deadline."""
        self.changed_at = now
        if self.first_contact_at is None and not self.erased:
            self.first_contact_at = at
            self._add(entries, now, SYSTEM, "mail_left", answers=list(answers))

    def first_mail_came_back(self, entries: Entries, now: datetime, answers: Sequence[UUID]) -> None:
        """Record that the mail that was the first contact did not arrive: nobody has reached the customer."""
        self.first_contact_at = None
        self._add(entries, now, SYSTEM, "mail_came_back", answers=list(answers))

    def informed(self, entries: Entries, now: datetime, mail: CaseMail) -> None:
        """Record that the customer was told what has been done about the cause. It is no contact: nobody has
        spoken to them, and nobody waits for an answer.
        """
        self.changed_at = now
        facts = {"mail_id": str(mail.id), "improvement_id": str(mail.improvement_id)}
        self._add(entries, now, SYSTEM, "informed", answers=[mail.answer_id], **facts)

    def customer_wrote(
        self,
        entries: Entries,
        now: datetime,
        mail: CaseMail,
        answers: Sequence[UUID],
        policy: CasePolicy,
        calendar: Calendar | None,
        other: "CaseMails | None" = None,
    ) -> bool:
        """Record what the customer answered to a mail, and open the case again where that was in time;
        whether it did. What a program answered changes nothing.

        :param answers: of the case, which the mail may be about.
        :param other: another open case of the person, in which the work goes on where this one is closed.
        """
        facts = _facts(mail)
        opens = not mail.automatic and other is None and self._may_be_answered(mail, policy)
        if opens:
            self._open_again(now, calendar)
        elif other is not None and not mail.automatic:
            facts |= {"case_id": str(other.id), "number": other.number}
        if self.first_contact_at is None and not mail.automatic:
            self.first_contact_at = mail.at
        self._add(entries, now, CUSTOMER, "wrote", answers=list(answers), opened=opens, **facts)
        waits = self.waiting_since is not None and mail.at > self.waiting_since
        if waits and not mail.automatic and answers:
            self.end_wait_for_customer(entries, now, answers[0], calendar)
        return opens

    def joined_by_mail(
        self,
        entries: Entries,
        now: datetime,
        answers: Sequence[UUID],
        closed: "CaseMails",
        calendar: Calendar | None,
    ) -> None:
        """Record that the customer answered a mail from another case; what they wrote is there."""
        facts: dict[str, Any] = {"opened": False, "case_id": str(closed.id), "number": closed.number}
        self._add(entries, now, CUSTOMER, "wrote", answers=list(answers), elsewhere=True, **facts)
        if self.waiting_since is not None and answers:
            self.end_wait_for_customer(entries, now, answers[0], calendar)

    def _may_be_answered(self, mail: CaseMail, policy: CasePolicy) -> bool:
        """Whether the mail opens it again: it came soon enough after the end, as an objection does."""
        if self.state != "closed" or self.closed_at is None or self.merged_into is not None:
            return False
        return mail.at - self.closed_at <= policy.objection_within


def _facts(mail: CaseMail) -> dict[str, Any]:
    """What its entry keeps of a mail; what is not there is as usual."""
    facts: dict[str, Any] = {"mail_id": str(mail.id)}
    if mail.subject:
        facts["subject"] = mail.subject
    if mail.text:
        facts["text"] = mail.text
    if mail.attachments:
        facts["attachments"] = ", ".join(mail.attachments)
    marks = ("cut", "automatic", "other_sender")
    return facts | {name: True for name in marks if getattr(mail, name)}
