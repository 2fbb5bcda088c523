"""A look at a sender for whoever asks: few at once, and without a connection to the database meanwhile."""

from dataclasses import dataclass
from uuid import UUID

from services.dispatcher.context import DispatcherContext
from services.dispatcher.senders import repository
from services.dispatcher.senders.domain import INSTALLATION, CompanySender
from services.dispatcher.senders.findings import SenderCheck
from services.dispatcher.senders.sender_commands import record_check
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.http.problems import Problem


@dataclass(frozen=True)
class LookedAt:
    """A sender and what was found of it."""

    address: str
    sender: CompanySender | None
    """The company's own; None: the installation's."""
    check: SenderCheck

    @property
    def id(self) -> UUID | None:
        """The id of the company's own."""
        return self.sender.id if self.sender is not None else None


async def look_at(context: DispatcherContext, tenant: str, sender_id: str) -> LookedAt:
    """Look at a sender of the company, or at the installation's.

    :raises Problem: 404 when there is none, 503 while too many are looked at.
    """
    async with context.database.reading() as uow:
        sender = None if sender_id == INSTALLATION else await found_sender(uow, tenant, sender_id)
        company = await tenant_or_placeholder(uow, tenant)
        tls = await repository.find_tls(uow)
    checker = context.sender_checker
    looked_at = checker.company(sender) if sender is not None else checker.installation()
    async with context.sender_lane.turn():
        return LookedAt(looked_at.address, sender, await checker.check(looked_at, company, tls))


async def look_and_record(context: DispatcherContext, tenant: str, sender_id: str) -> LookedAt:
    """The same, and keep what was found: the company's own sender is used from then on if it may be."""
    looked = await look_at(context, tenant, sender_id)
    if looked.sender is not None:
        check = looked.check
        async with context.database.transaction() as uow:
            await record_check(
                uow, looked.sender, passes=check.passes, seen=check.seen, missing=check.missing
            )
    return looked


async def found_sender(uow: UnitOfWork, tenant: str, sender_id: str) -> CompanySender:
    """A sender of the company's own.

    :raises Problem: 404 when there is none.
    """
    try:
        sender = await repository.find(uow, tenant, UUID(sender_id))
    except ValueError:
        sender = None
    if sender is None:
        raise Problem(404)
    return sender
