"""The interface of a service's mails to the sender, which is the same for all services."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from shared.db import UnitOfWork
from shared.mail import MailMessage
from shared.outbound.outcome_rules import MailResult

PASSED: Literal["passed"] = "passed"
"""Returned by ``Queue.claim``: a mail was due but a rule forbids to send it, and another may be due."""


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this sender may send until its lease expires."""

    id: UUID
    tries: int
    """How often it was tried before."""
    refusals: int
    """How many of these tries ended in a refusal that did not name its mailbox."""
    message: MailMessage
    lease_until: datetime
    about: Any
    """What its service needs to record the outcome."""


class Queue(Protocol):
    """The mails of one service. Each method runs in the transaction that it gets."""

    @property
    def service(self) -> str:
        """The name of the service, for metrics."""

    @property
    def most_tries(self) -> int | None:
        """After so many temporary refusals of its mailbox a mail has failed; None: the service decides."""

    async def claim(self, uow: UnitOfWork) -> ClaimedMail | Literal["passed"] | None:
        """Check every rule for the next mail that is due, and mark it as being sent; None if none is due."""

    async def settle(self, uow: UnitOfWork, claimed: ClaimedMail, fate: MailResult) -> None:
        """Record the result of an attempt. A mail that became unknown meanwhile stays unknown."""
