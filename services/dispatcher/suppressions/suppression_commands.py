"""Add entries to the suppression list, and take them away."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from services.dispatcher.decisions.contacts import ContactKey
from services.dispatcher.decisions.repository.contacts import has_several_addresses
from services.dispatcher.suppressions import repository
from services.dispatcher.suppressions.domain import (
    BY_TEXT,
    OWN_NO,
    SuppressionEntry,
    SuppressionReason,
    entries_of,
)
from services.dispatcher.suppressions.repository import ErasedAddress
from services.dispatcher.tenants import tenant_or_placeholder
from shared.db import UnitOfWork
from shared.events import CustomerErased, Event
from shared.privacy.audit import CUSTOMER, AuditActor, record_audit
from shared.secrets import customer_hash, customer_hashes
from shared.values.phone import sure_number

MAIL_SERVERS = "the mail servers"
"""Under whose name an address is dropped that mails come back from."""


async def suppress(
    uow: UnitOfWork,
    tenant: str,
    entries: list[SuppressionEntry],
    *,
    reason: SuppressionReason,
    who: AuditActor,
) -> None:
    """Never ask them again. An entry keeps the strongest of its reasons, in whatever order they come."""
    await repository.add(
        uow,
        tenant,
        [(entry.kind, entry.key) for entry in entries if not entry.earlier],
        reason=reason,
        who=who.name,
    )
    if reason == "listed":
        record_audit(uow, tenant, who, "suppression", entries=len(entries))


def entries_named(
    secret: str, tenant: str, email: str, customer_id: str, phone: str = ""
) -> list[SuppressionEntry]:
    """The entries that an address, an id or a phone number (in E.164) may have; empty: it is not known."""
    entries = [SuppressionEntry("customer", customer_id)] if customer_id else []
    if email.strip():
        address, *earlier = customer_hashes(secret, tenant, email)
        entries += [SuppressionEntry("address", address)]
        entries += [SuppressionEntry("address", key, earlier=True) for key in earlier]
    if phone:
        entries.append(SuppressionEntry("address", customer_hash(secret, tenant, phone)))
    return entries


async def number_in(uow: UnitOfWork, tenant: str, written: str, country: str | None = None) -> str | None:
    """A phone number in E.164, in whatever notation it is written; None: it is none, or it is not sure whose.

    :param country: of which one without a country's code is; None: the company's.
    """
    return sure_number(written, country or (await tenant_or_placeholder(uow, tenant)).country or None)


async def suppress_addresses(uow: UnitOfWork, events: Sequence[Event[CustomerErased]]) -> None:
    """Never ask under the addresses of erased customers; the same events again change nothing."""
    await repository.add_erased(
        uow,
        [
            ErasedAddress(event.tenant, address, event.data.person or event.data.id, event.data.erased_at)
            for event in events
            for address in event.data.addresses
        ],
    )


async def unsubscribe(uow: UnitOfWork, contact: ContactKey) -> None:
    """Never ask the contact again."""
    entries = await own_entries(uow, contact)
    await suppress(uow, contact.tenant, entries, reason="unsubscribed", who=CUSTOMER)


async def complain(uow: UnitOfWork, contact: ContactKey) -> None:
    """Never ask the contact again, who has reported a mail as spam."""
    entries = await own_entries(uow, contact)
    await suppress(uow, contact.tenant, entries, reason="complained", who=CUSTOMER)


async def drop_address(uow: UnitOfWork, tenant: str, address: str) -> None:
    """Send no mail to an address any more, since mails come back from it.

    :param address: its keyed hash.
    """
    await repository.add(uow, tenant, [("address", address)], reason="bounced", who=MAIL_SERVERS)


async def own_entries(uow: UnitOfWork, contact: ContactKey) -> list[SuppressionEntry]:
    """Under what the contact's own word holds.

    Under the id too, so that another address changes nothing; but not where the company's ids are shared and
    this one has come with several addresses: then others have it, who have not said so.
    """
    entries = entries_of(contact)
    may_have_others = contact.id_is_shared and contact.shares_id
    if may_have_others and await has_several_addresses(uow, contact.tenant, contact.customer_id):
        return [entry for entry in entries if entry.kind == "address"]
    return entries


async def has_unsubscribed(uow: UnitOfWork, contact: ContactKey) -> bool:
    """Whether the contact itself has unsubscribed, or reported a mail as spam."""
    return any(row.reason in OWN_NO for row in await _matching(uow, contact))


async def resubscribe(uow: UnitOfWork, contact: ContactKey) -> None:
    """Take the contact's own no back. What the company has listed stays on its list."""
    for match in await _matching(uow, contact):
        entry = await repository.lock(uow, contact.tenant, match.kind, match.key)
        if entry is not None and entry.reason in OWN_NO:
            await _take_back(uow, contact.tenant, entry, who=CUSTOMER.name)


async def stop_texts(uow: UnitOfWork, tenant: str, number: str) -> None:
    """Never ask who has this number again, who has replied STOP to a text.

    :param number: its keyed hash.
    """
    await repository.add(uow, tenant, [("address", number)], reason="unsubscribed", who=BY_TEXT)


async def start_texts(uow: UnitOfWork, tenant: str, number: str) -> None:
    """Take back what :func:`stop_texts` did, and nothing else: not what the customer said on a page or by a
    complaint, nor what is kept of somebody who was erased.

    :param number: its keyed hash.
    """
    entry = await repository.lock(uow, tenant, "address", number)
    if entry is not None and entry.who == BY_TEXT and entry.reason == "unsubscribed" and entry.person is None:
        await _take_back(uow, tenant, entry, who=BY_TEXT)


async def lift(uow: UnitOfWork, tenant: str, entry: Row[Any], *, who: AuditActor, reason: str | None) -> None:
    """Take a locked entry away, and log who did it and why."""
    await repository.log_lift(uow, tenant, entry, who=who.name, reason=reason)
    record_audit(uow, tenant, who, "suppression_lifted", kind=entry.kind)
    await repository.remove(uow, tenant, entry.kind, entry.key)


async def _take_back(uow: UnitOfWork, tenant: str, entry: Row[Any], *, who: str) -> None:
    """Take the customer's own no of a locked entry back, and log it; what the company has listed stays so."""
    await repository.log_lift(uow, tenant, entry, who=who, reason=None)
    if entry.listed:
        await repository.fall_back_to_list(uow, tenant, entry.kind, entry.key)
    else:
        await repository.remove(uow, tenant, entry.kind, entry.key)


async def _matching(uow: UnitOfWork, contact: ContactKey) -> list[Row[Any]]:
    entries = [(contact.tenant, *entry) for entry in entries_of(contact)]
    return list(await repository.find_matching(uow, entries))
