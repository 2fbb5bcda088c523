"""A mail from a case: its states, and what forbids to send it. Pure."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.dispatcher.decisions.values import AddressQuality
from services.dispatcher.suppressions.domain import SUPPRESSING
from shared.events import CaseMail, CaseMailState, CompanyState, SendingMode

MAX_BACK_PER_DAY = 20
"""So many mails may answer one of ours in a day."""
_RANKS: dict[CaseMailState, int] = {
    "waiting": 0,
    "sent": 1,
    "refused": 1,
    "failed": 1,
    "unknown": 1,
    "bounced": 2,
}
"""A mail moves to a state of a higher rank only, in whatever order it is told of them."""


class MailWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a colleague wrote to a customer."""

    subject: str
    text: str
    language: str
    author: str


class OutgoingMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail from a case, as its row has it."""

    tenant: str
    id: UUID
    kind: str
    version: int
    state: CaseMailState
    reason: str | None
    case_id: UUID
    case_number: int
    answer_id: UUID
    improvement_id: UUID | None = None
    """Of an update: the action that it tells of."""
    customer_id: str | None
    person: str
    contact_key: str | None
    written_at: datetime
    words: MailWords | None
    """None: they are not needed any more, since it is settled; of an update they are the action's."""

    def event(self, at: datetime) -> CaseMail:
        """It as it is published."""
        return CaseMail(
            id=self.id,
            version=self.version,
            direction="out",
            kind=self.kind,
            reply_id=self.id,
            case_id=self.case_id,
            answer_id=self.answer_id,
            improvement_id=self.improvement_id,
            state=self.state,
            reason=self.reason,
            at=at,
            customer_id=self.customer_id,
            contact_key=self.contact_key,
            person=self.person,
        )


class ReachedCustomer(NamedTuple):
    """What is known of the customer of a mail, and of the company, when it is judged."""

    address: AddressQuality
    test_address: bool
    erased: bool
    reasons: Collection[str]
    """For which they are suppressed."""
    may_contact: bool | None
    """What they last said about being contacted, as far as the case has told; None: nothing."""
    company: CompanyState
    mode: SendingMode
    test: bool
    """Whether the invitation was a test."""


def moves_on(before: CaseMailState, after: CaseMailState) -> bool:
    """Whether a mail in the one state comes to the other."""
    return _RANKS[after] > _RANKS[before]


def reason_not_to_write(waits: timedelta, max_wait: timedelta, customer: ReachedCustomer) -> str | None:
    """Why a mail from a case may not leave; None lets it go.

    The rules of surveys are not asked: no quarantine, no cap, no hours, no law of a country about questions,
    and no choice about questions. That the customer wants no mail at all, or no contact, always holds.

    :param waits: since it was written.
    :param max_wait: after which it would answer what is over.
    """
    rules: tuple[tuple[Any, str], ...] = (
        (customer.erased, "erased"),
        (customer.company != "running", "company_closed"),
        (customer.address == "missing", "no_address"),
        (customer.address == "bad", "bad_address"),
        (customer.may_contact is False, "no_contact_wanted"),
        ("complained" in customer.reasons, "complained"),
        ("unsubscribed" in customer.reasons, "opted_out"),
        (not SUPPRESSING.isdisjoint(customer.reasons), "suppressed"),
        ("bounced" in customer.reasons, "undeliverable"),
        ((customer.mode == "test" or customer.test) and not customer.test_address, "test_mode"),
        (waits > max_wait, "too_old"),
    )
    return next((reason for forbidden, reason in rules if forbidden), None)
