"""What page and API show of mails to the customer: the form of the next one, and what became of each."""

from collections.abc import Sequence
from typing import NamedTuple

from services.alerts.cases.domain.case_file import CaseFile
from services.alerts.cases.mail_lines import MailStates
from services.alerts.cases.replying import mail_recipient
from shared.db.database import UnitOfWork
from shared.events import Answer
from shared.pages.language import native_name
from shared.values.addresses import masked


class MailForm(NamedTuple):
    """What a reader is told before they write."""

    to: str
    """The address, masked: nobody is shown it by this."""
    sender: str
    """The name that the customer reads."""
    language: str
    language_name: str
    comes_back: bool
    """Whether what the customer answers comes to the case."""


async def mail_form(
    uow: UnitOfWork, case: CaseFile, answers: Sequence[Answer], reader: str, company: str, *, comes_back: bool
) -> MailForm | None:
    """The form by which this reader writes to the customer; None: nobody can or may."""
    if case.erased or not case.may_be_contacted or case.merged_into is not None:
        return None
    recipient = await mail_recipient(uow, case, answers)
    if recipient is None:
        return None
    return MailForm(
        to=masked(recipient.invitation.customer.email or ""),
        sender=f"{reader}, {company}",
        language=recipient.language,
        language_name=native_name(recipient.language),
        comes_back=comes_back,
    )


def mail_facts(mail_id: str | None, mails: MailStates) -> dict[str, str | None]:
    """What became of the mail of an entry, for the API; nothing where the entry is about none of ours."""
    if mail_id is None or mail_id not in mails:
        return {}
    state, reason = mails[mail_id]
    return {"state": state, "reason": reason}
