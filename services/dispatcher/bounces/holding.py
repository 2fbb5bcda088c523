"""Destinations from which mails come back by policy get few mails: who sends on would be refused for longer.

A mail server that refuses us when we send is dealt with at once (``invitations/destinations.py``). Here it,
or a relay of ours, has accepted the mails, and they came back. One mailbox's own rule, or a report that
somebody forges who has one mail, must not hold the mails of all companies: several addresses and a share of
all mails are needed.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from structlog import get_logger

from services.dispatcher.bounces import repository
from services.dispatcher.invitations.destinations import DestinationPaces
from services.dispatcher.invitations.states import read_invitation
from services.dispatcher.repository import destinations
from shared.db.database import Database
from shared.runtime import Loop, Periodic
from shared.service import Context
from shared.values.addresses import canonical_address, mailed_domain

HOLDING_LOOP = "mails that came back"
CHECK_INTERVAL_S = 60.0
LOOKED_BACK = timedelta(days=1)
MIN_ADDRESSES = 3
"""So many addresses of a destination have had a mail that came back by policy."""
MIN_SHARE = 0.1
"""Of its mails; of those that left lately."""
log = get_logger()


class MailedTo(NamedTuple):
    """One mail."""

    address: str
    """In the form that is compared."""
    destination: bytes
    domain: str
    at: datetime


class ManyReturns(NamedTuple):
    """A destination whose mails come back."""

    destination: bytes
    domain: str
    last_at: datetime


def many_returns(returned: Iterable[MailedTo], left: Iterable[MailedTo]) -> list[ManyReturns]:
    """Destinations from which mails to several addresses came back, and not few of all that left for it."""
    back: dict[bytes, list[MailedTo]] = {}
    for mail in returned:
        back.setdefault(mail.destination, []).append(mail)
    counts: dict[bytes, int] = {}
    for mail in left:
        counts[mail.destination] = counts.get(mail.destination, 0) + 1
    return [
        ManyReturns(destination, mails[-1].domain, max(mail.at for mail in mails))
        for destination, mails in back.items()
        if len({mail.address for mail in mails}) >= MIN_ADDRESSES
        and len(mails) >= counts.get(destination, 0) * MIN_SHARE
    ]


@dataclass(frozen=True)
class Holding:
    """Looks at what came back of all companies' mails."""

    database: Database
    paces: DestinationPaces

    async def step(self) -> None:
        """Hold the destinations from which many came back. The same again changes nothing."""
        async with self.database.reading() as uow:
            since = uow.now - LOOKED_BACK
            rows = await repository.list_returned_by_policy(uow, since)
            if len(rows) < MIN_ADDRESSES:
                return
            sent = await repository.list_left(uow, since)
        returned = await asyncio.to_thread(lambda: [*self._read(rows)])
        left = await asyncio.to_thread(lambda: [*self._read(sent)])
        for found in many_returns(returned, left):
            await self._hold(found)

    async def _hold(self, found: ManyReturns) -> None:
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
                domain=found.domain,
                meaning="Its mail servers accept our mails and send them back by their rules about senders. "
                "It gets one mail in half an hour until none has come back for a day.",
            )

    def _read(self, rows: Iterable[repository.MailRow]) -> Iterable[MailedTo]:
        for row in rows:
            email = read_invitation(row).customer.email
            if email:
                address = canonical_address(email)
                domain = mailed_domain(address.rpartition("@")[2]).lower()
                yield MailedTo(address, self.paces.of(email).key, domain, row.at)


def holding_loop(context: Context) -> Loop:
    """The loop of a worker; any number of workers may run it."""
    paces = DestinationPaces(context.secret, context.own.pace)
    holding = Holding(context.database, paces)
    return Periodic(HOLDING_LOOP, holding.step, CHECK_INTERVAL_S, context.health).run
