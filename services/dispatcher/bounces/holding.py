"""Destinations from which mails come back by policy get few mails: who sends on would be refused for longer.

A mail server that refuses us when we send is dealt with at once (``invitations/destinations.py``). Here it,
or a relay of ours, has accepted the mails, and they came back. One mailbox's own rule, or a report that
somebody forges who has one mail, must not hold the mails of all companies: several addresses and a share of
all mails are needed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row
from structlog import get_logger

from services.dispatcher.bounces import repository
from services.dispatcher.invitations.destinations import DestinationPaces
from services.dispatcher.repository import destinations
from shared.db.database import Database, UnitOfWork
from shared.runtime import Loop, Periodic
from shared.service import Context

HOLDING_LOOP = "mails that came back"
CHECK_INTERVAL_S = 60.0
LOOKED_BACK = timedelta(days=1)
MIN_ADDRESSES = 3
"""So many addresses of a destination have had a mail that came back by policy."""
MAX_MAILS_EACH = 10
"""For one mail that came back: of those that left for the destination in the same time."""
log = get_logger()


class Returns(NamedTuple):
    """What came back from a destination."""

    destination: bytes
    domains: frozenset[str]
    """All that are this destination, as addresses may write them."""
    addresses: int
    mails: int
    last_at: datetime


def returns_of(counted: Iterable[Row[Any]], paces: DestinationPaces) -> list[Returns]:
    """Destinations from which mails to several addresses came back."""
    found: dict[bytes, Returns] = {}
    for row in counted:
        key = paces.of_domain(row.domain).key
        domains = paces.domains_with(row.domain)
        each = Returns(key, domains, row.addresses, row.mails, row.last_at)
        before = found.get(key, Returns(key, frozenset(), 0, 0, row.last_at))
        found[key] = Returns(
            key,
            before.domains | each.domains,
            before.addresses + each.addresses,
            before.mails + each.mails,
            max(before.last_at, each.last_at),
        )
    return [each for each in found.values() if each.addresses >= MIN_ADDRESSES]


@dataclass(frozen=True)
class Holding:
    """Looks at what came back of all companies' mails."""

    database: Database
    paces: DestinationPaces

    async def step(self) -> None:
        """Hold the destinations from which many came back. The same again changes nothing."""
        async with self.database.reading() as uow:
            since = uow.now - LOOKED_BACK
            counted = await repository.count_returned_by_policy(uow, since)
            found = [each for each in returns_of(counted, self.paces) if await _are_many(uow, each, since)]
        for each in found:
            await self._hold(each)

    async def _hold(self, found: Returns) -> None:
        async with self.database.transaction() as uow:
            before = await destinations.insert_and_lock(uow, found.destination)
            after = before.after_returns(found.last_at, uow.now)
            if after is before:
                return
            await destinations.write(uow, found.destination, after)
            was_held = before.is_held(uow.now)
        if not was_held:
            log.warning(
                "mail_destination_held",
                domain=min(found.domains),
                meaning="Its mail servers accept our mails and send them back by their rules about senders. "
                "It gets one mail in half an hour until none has come back for a day.",
            )


async def _are_many(uow: UnitOfWork, returns: Returns, since: datetime) -> bool:
    """Whether they are not few of all that left; both are counted over the same time."""
    few = returns.mails * MAX_MAILS_EACH
    return await repository.count_left(uow, sorted(returns.domains), since, few + 1) <= few


def holding_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    paces = DestinationPaces(context.secret, context.own.pace)
    holding = Holding(context.database, paces)
    return Periodic(HOLDING_LOOP, holding.step, CHECK_INTERVAL_S, context.health).run
