"""Where a mail goes, and whether it may go there now: each destination has a pace of its own.

All processes that send count in one row of the destination, whichever company a mail is of: the limit is one
of the provider of its mailboxes, which sees one sender. A domain is known by its keyed hash.
"""

from datetime import datetime
from typing import NamedTuple

from services.dispatcher.repository import destinations as rows
from shared.db import UnitOfWork
from shared.outbound import MailResult
from shared.outbound.destinations import DestinationLimit, DestinationLimits
from shared.secrets import derive, keyed_digest
from shared.values.addresses import mailed_domain


class Destination(NamedTuple):
    """The domain of an address, or the group of domains that share its limit."""

    key: bytes
    limit: DestinationLimit | None


class DestinationPaces:
    """The destinations of an installation."""

    def __init__(self, secret: str, pace: DestinationLimits) -> None:
        self._key = derive(secret, "mail destination")
        self._pace = pace

    def of(self, address: str) -> Destination:
        """The destination of an address."""
        return self.of_domain(address.rpartition("@")[2])

    def of_domain(self, domain: str) -> Destination:
        """The destination of a domain, however it is written."""
        name, limit = self._pace.of(mailed_domain(domain).lower())
        return Destination(keyed_digest(self._key, name.encode()), limit)

    def domains_with(self, domain: str) -> frozenset[str]:
        """The domain and those that share its limit."""
        mailed = mailed_domain(domain).lower()
        return frozenset({domain, mailed}) | self._pace.group_of(mailed)


async def take_place_at(uow: UnitOfWork, destination: Destination, *, has_place: bool) -> datetime:
    """When a mail may leave for its destination: now, or at the place that it gets.

    :param has_place: whether it has waited for a place before.
    """
    if destination.limit is None:
        state = await rows.lock(uow, destination.key)
    else:
        state = await rows.insert_and_lock(uow, destination.key)
    if state is None:
        return uow.now
    at, after = state.leaving(destination.limit, uow.now, has_place=has_place)
    if after is not state:
        await rows.write(uow, destination.key, after)
    return at


async def note_outcome(
    uow: UnitOfWork, destination: Destination, left_at: datetime, result: MailResult
) -> bool:
    """Let the pace of a destination follow what became of a mail that left for it then; return whether the
    destination is locked for that.
    """
    if result.destination_refuses:
        state = await rows.insert_and_lock(uow, destination.key)
        after = state.after_refusal(destination.limit, left_at, uow.now)
        await rows.write(uow, destination.key, after)
        return True
    if result.state == "sent":
        refusing = await rows.lock_refusing(uow, destination.key)
        if refusing is not None:
            await rows.write(uow, destination.key, refusing.after_acceptance(destination.limit, uow.now))
            return True
    return False
