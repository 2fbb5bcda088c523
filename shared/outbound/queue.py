"""What a service tells of its mails, so that one sender serves all of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from shared.db import UnitOfWork
from shared.mail import MailMessage
from shared.outbound.outcome_rules import MailResult

PASSED: Literal["passed"] = "passed"
"""One was due and must not leave, now or ever: there may be another."""


@dataclass(frozen=True)
class Claimed:
    """One mail that is ours until its lease ends."""

    id: UUID
    tries: int
    """Those before this one."""
    refusals: int
    """Those tries at which it was refused without a word about its mailbox."""
    letter: MailMessage
    until: datetime
    about: Any
    """What its service needs to record what became of it."""


class Queue(Protocol):
    """The mails of one service. Each method acts in the transaction that it is given."""

    @property
    def service(self) -> str:
        """Whose mails these are."""

    @property
    def most_tries(self) -> int | None:
        """Tries of one whose mailbox is not ready until it has failed; none: its service gives up by
        itself.
        """

    async def claim(self, uow: UnitOfWork) -> Claimed | Literal["passed"] | None:
        """Mark the next mail that is due as being sent, all rules looked at again; none when nothing is
        due.
        """

    async def settle(self, uow: UnitOfWork, claimed: Claimed, fate: MailResult) -> None:
        """Record what became of it. One that was called unknown meanwhile stays so."""
