"""Who is never to be asked again: an address by its keyed hash, whoever has a customer id by that id."""

from typing import Any, Literal, NamedTuple

from sqlalchemy import Row

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.repository import has_several_addresses
from services.dispatcher.suppressions import repository as rows
from shared.db import UnitOfWork

Kind = Literal["address", "customer"]


class SuppressionEntry(NamedTuple):
    """What a list may hold of somebody."""

    kind: Kind
    key: str
    earlier: bool = False
    """The hash of a form that earlier versions kept; what was written since never matches it, since two
    domains of today may have had one such form.
    """


def entries_of(contact: ContactKey) -> list[SuppressionEntry]:
    """All entries that stand for a contact: a no of the address holds under every id, one of the id for every
    address.
    """
    found = []
    if contact.address is not None:
        found.append(SuppressionEntry("address", contact.address))
        found += [SuppressionEntry("address", key, earlier=True) for key in contact.earlier]
    return [*found, SuppressionEntry("customer", contact.customer_id)]


async def suppress(
    uow: UnitOfWork,
    tenant: str,
    entries: list[SuppressionEntry],
    *,
    reason: Literal["unsubscribed", "listed"],
    who: str,
) -> None:
    """Ask them never again. Who has unsubscribed stays so, whatever a list says later."""
    await rows.add(
        uow, tenant, [(one.kind, one.key) for one in entries if not one.earlier], reason=reason, who=who
    )


async def unsubscribe(uow: UnitOfWork, contact: ContactKey) -> None:
    """The contact wants no more. Its id is shut too, so that a new address changes nothing; but not when the
    id has come with several addresses: then others have it as well, and have said nothing.
    """
    entries = entries_of(contact)
    if contact.shares_id and await has_several_addresses(uow, contact.tenant, contact.customer_id):
        entries = [entry for entry in entries if entry.kind == "address"]
    await suppress(uow, contact.tenant, entries, reason="unsubscribed", who="the customer")


async def has_unsubscribed(uow: UnitOfWork, contact: ContactKey) -> bool:
    """Whether a no of the customer's own stands for this contact."""
    found = await rows.matching(uow, [(contact.tenant, *entry) for entry in entries_of(contact)])
    return any(row.reason == "unsubscribed" for row in found)


async def ask_again(uow: UnitOfWork, contact: ContactKey) -> None:
    """The contact takes its own no back. What the company has on its list stays there."""
    for one in await rows.matching(uow, [(contact.tenant, *entry) for entry in entries_of(contact)]):
        entry = await rows.hold(uow, contact.tenant, one.kind, one.key)
        if entry is None or entry.reason != "unsubscribed":
            continue
        await rows.log_lift(uow, contact.tenant, entry, who="the customer", reason=None)
        if entry.listed:
            await rows.fall_back_to_list(uow, contact.tenant, entry.kind, entry.key)
        else:
            await rows.remove(uow, contact.tenant, entry.kind, entry.key)


async def lift(uow: UnitOfWork, tenant: str, entry: Row[Any], *, who: str, reason: str | None) -> None:
    """Take an entry away that we hold, and remember who did it and why."""
    await rows.log_lift(uow, tenant, entry, who=who, reason=reason)
    await rows.remove(uow, tenant, entry.kind, entry.key)
