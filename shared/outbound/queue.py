"""The interface of a service's deliveries to the sender, which is the same for all services."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Row

from shared.db import UnitOfWork
from shared.outbound.deliveries import Delivery
from shared.outbound.outcome_rules import MailResult


@dataclass(frozen=True)
class Prepared:
    """A delivery that may be sent now."""

    message: Any
    """In the form of its channel."""
    about: Any
    """What its service needs to record the outcome."""


class Withdrawn(NamedTuple):
    """A delivery that must never be sent, and why."""

    reason: str


class Postponed(NamedTuple):
    """A delivery that must not be sent before a later time, and why."""

    until: datetime
    reason: str


class Queue(Protocol):
    """The deliveries of one service. Each method runs in the transaction that it gets."""

    @property
    def service(self) -> str:
        """The name of the service, for metrics."""

    @property
    def most_tries(self) -> int | None:
        """After so many temporary refusals of its mailbox a delivery has failed; None: never."""

    @property
    def claim_sql(self) -> str:
        """By :func:`shared.outbound.deliveries.claim_sql`."""

    async def prepare(
        self, uow: UnitOfWork, delivery: Delivery, row: Row[Any]
    ) -> Prepared | Withdrawn | Postponed | None:
        """Check every rule again and render the message; None if the delivery must wait.

        :param row: what the delivery is about, as the claim's statement selects it.
        """

    async def record(self, uow: UnitOfWork, delivery: Delivery, about: Any, result: MailResult) -> bool:
        """Record what the result of an attempt means for what the delivery is about.

        :returns: whether it has locked rows that ``prepare`` locks behind others: the next delivery is then
            claimed in a transaction of its own.
        """
