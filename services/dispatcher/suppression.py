"""Who is never to be asked again: an address by its keyed hash, a person by the customer's id."""

from typing import Literal

from services.dispatcher.repository import suppressions as rows
from shared.db import UnitOfWork
from shared.http.secrets import customer_hash

Entry = tuple[str, str]
"""Kind and key."""


def entries_of(secret: str, tenant: str, *, address: str | None, customer_id: str | None) -> list[Entry]:
    """The entries that stand for a person."""
    found: list[Entry] = []
    if address:
        found.append(("address", customer_hash(secret, tenant, address)))
    if customer_id:
        found.append(("customer", customer_id))
    return found


async def suppress(
    uow: UnitOfWork, tenant: str, entries: list[Entry], *, reason: Literal["unsubscribed", "listed"], who: str
) -> None:
    """Ask them never again. Who has unsubscribed stays so, whatever a list says later."""
    await rows.add(uow, tenant, entries, reason=reason, who=who)
