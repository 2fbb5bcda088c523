"""Declare a company's sender, give it another key, take it away, and keep what a check has found."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.dispatcher.senders import repository
from services.dispatcher.senders.domain import (
    MAX_KEYS,
    MAX_SENDERS,
    CompanySender,
    SenderRefused,
)
from services.dispatcher.senders.sender_addresses import checked_sender_address
from services.dispatcher.senders.sender_keys import sealed_key
from services.dispatcher.sending import repository as sending_rows
from shared.db import UnitOfWork
from shared.privacy.audit import AuditActor, record_audit
from shared.values.dkim_keys import DkimKey
from shared.values.messages import message

WAITING_INTERVAL = timedelta(minutes=5)
"""Between two looks at a sender that waits for a record."""
USUAL_INTERVAL = timedelta(hours=1)


async def add_sender(
    uow: UnitOfWork, secret: str, tenant: str, who: AuditActor, sender_id: UUID, address: str, key: DkimKey
) -> CompanySender:
    """Add a sender with its first key. The same id with the same address again changes nothing.

    :raises SenderRefused: when the address cannot be one, or there are too many.
    """
    address = checked_sender_address(address)
    await sending_rows.lock(uow, tenant)  # so that no other request adds one at the same time
    if (before := await repository.find(uow, tenant, sender_id)) is not None:
        if before.address != address:
            raise SenderRefused(message("This Idempotency-Key was used for another sender."))
        return before
    others = await repository.list_of(uow, tenant)
    if any(each.address == address for each in others):
        raise SenderRefused(message("This address is a sender already."))
    if len(others) >= MAX_SENDERS:
        raise SenderRefused(
            message("Remove a sender first; a company has at most %(most)s.", most=MAX_SENDERS)
        )
    await repository.insert(uow, tenant, sender_id, address, who.name)
    await _add_key(uow, secret, tenant, sender_id, key)
    record_audit(uow, tenant, who, "sender", str(sender_id), state="added")
    return await _found(uow, tenant, sender_id)


async def add_key(
    uow: UnitOfWork, secret: str, tenant: str, who: AuditActor, sender_id: UUID, key: DkimKey
) -> CompanySender | None:
    """Add a key, which takes over when its record is seen; None when there is no such sender.

    :raises SenderRefused: while a newer key waits for its record already.
    """
    await sending_rows.lock(uow, tenant)
    sender = await repository.find(uow, tenant, sender_id)
    if sender is None:
        return None
    if sender.signing is not None and sender.keys[0] is not sender.signing:
        raise SenderRefused(message("Publish the record of the newest key first; it has not been seen yet."))
    kept = sender.keys[: MAX_KEYS - 1] if sender.signing is not None else []
    gone = [each.selector for each in sender.keys if each not in kept]
    await repository.delete_keys(uow, tenant, sender_id, gone)
    await _add_key(uow, secret, tenant, sender_id, key)
    record_audit(uow, tenant, who, "sender", str(sender_id), state="new_key")
    return await _found(uow, tenant, sender_id)


async def remove_sender(uow: UnitOfWork, tenant: str, who: AuditActor, sender_id: UUID) -> bool:
    """Take a sender away with its keys: mails come from another one at once. False when there is none."""
    await sending_rows.lock(uow, tenant)
    removed = await repository.delete(uow, tenant, sender_id)
    if removed:
        record_audit(uow, tenant, who, "sender", str(sender_id), state="removed")
    return removed


async def record_check(
    uow: UnitOfWork, sender: CompanySender, *, passes: bool, seen: Sequence[str], missing: Sequence[str]
) -> CompanySender | None:
    """Keep what was found: keys whose record is there, those whose record is certainly not, and whether all
    that the sender needs was found. Returns the sender as it is then; None: it was removed meanwhile.
    """
    waits = not (passes or sender.passed_at) or not sender.keys or sender.keys[0].selector not in seen
    interval = WAITING_INTERVAL if waits else USUAL_INTERVAL
    await sending_rows.lock(uow, sender.tenant)
    await repository.record_check(
        uow,
        sender.tenant,
        sender.id,
        passes=passes,
        seen=seen,
        missing=missing,
        check_at=uow.now + interval,
    )
    return await repository.find(uow, sender.tenant, sender.id)


async def _add_key(uow: UnitOfWork, secret: str, tenant: str, sender_id: UUID, key: DkimKey) -> None:
    await repository.insert_key(
        uow, tenant, sender_id, key.selector, sealed_key(secret, tenant, sender_id, key)
    )


async def _found(uow: UnitOfWork, tenant: str, sender_id: UUID) -> CompanySender:
    found = await repository.find(uow, tenant, sender_id)
    if found is None:
        raise LookupError("the sender was written in this transaction")
    return found
