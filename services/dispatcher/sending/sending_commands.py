"""Read how a tenant sends, and change it: each change is logged with who made it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row

from services.dispatcher.decisions.addresses import address_quality
from services.dispatcher.decisions.numbers import number_quality
from services.dispatcher.sending import repository
from services.dispatcher.sending.domain import STOPPED, Sending, SendingAct, SendingChanged
from services.dispatcher.surveys.repository import begin_programmes, note_first_live
from services.dispatcher.surveys.survey_commands import publish_new_versions
from shared.db import UnitOfWork
from shared.events import SENDING, SendingMode, TenantSending
from shared.privacy.audit import AuditActor, record_audit
from shared.values.addresses import canonical_address
from shared.values.customer_ids import folded_customer_id


def sending_from(row: Row[Any] | None) -> Sending:
    """A tenant without a row has changed nothing: it is in test mode and has no test address."""
    if row is None:
        return Sending()
    return Sending(
        mode=row.mode,
        stopped=row.stopped,
        # Earlier versions stored another form of some addresses.
        test_addresses=frozenset(map(canonical_address, row.test_addresses)),
        placeholder_ids=frozenset(row.placeholder_ids),
    )


async def find_sending(uow: UnitOfWork, tenant: str) -> Sending:
    """How the tenant sends."""
    return sending_from(await repository.find(uow, tenant))


async def find_sendings(uow: UnitOfWork, tenants: Sequence[str]) -> Mapping[str, Sending]:
    """How those of the tenants send that have ever changed it."""
    return {row.tenant: sending_from(row) for row in await repository.find_of_tenants(uow, tenants)}


async def sending_version(uow: UnitOfWork, tenant: str) -> str:
    """The id of the last change: a form that carries another one was rendered before that change."""
    newest = await repository.list_changes(uow, tenant, 1)
    return str(newest[0].id) if newest else "0"


async def set_mode(
    uow: UnitOfWork, tenant: str, who: AuditActor, mode: SendingMode, *, seen: str | None = None
) -> bool:
    """Go live, or back to test mode; False if it was so already.

    :raises SendingChanged: when ``seen`` is given and is no longer the version.
    """
    current = await _lock(uow, tenant, seen)
    if current.mode == mode:
        return False
    act: SendingAct = "went live" if mode == "live" else "went back to test mode"
    await _write(uow, tenant, who, act, replace(current, mode=mode))
    await _publish(uow, tenant)
    await note_first_live(uow, tenant)
    if mode == "live":
        await begin_programmes(uow, tenant)
    return True


async def set_stopped(
    uow: UnitOfWork, tenant: str, who: AuditActor, *, stopped: bool, seen: str | None = None
) -> bool:
    """Stop all sending, or start it again; False if it was so already.

    :raises SendingChanged: when ``seen`` is given and is no longer the version.
    """
    current = await _lock(uow, tenant, seen)
    if current.stopped == stopped:
        return False
    act: SendingAct = STOPPED if stopped else "started sending again"
    await _write(uow, tenant, who, act, replace(current, stopped=stopped))
    await _publish(uow, tenant)
    return True


def may_be_listed(address: str) -> bool:
    """Whether a test address is one that mails or texts go to."""
    return "good" in {address_quality(address), number_quality(address)}


async def set_test_addresses(
    uow: UnitOfWork, tenant: str, who: AuditActor, addresses: Iterable[str], *, seen: str | None = None
) -> bool:
    """List exactly these test addresses; False if they were listed already.

    :raises SendingChanged: when ``seen`` is given and is no longer the version.
    """
    wanted = frozenset(map(canonical_address, addresses))
    current = await _lock(uow, tenant, seen)
    if current.test_addresses == wanted:
        return False
    act = f"set the test addresses ({len(wanted)})"
    await _write(uow, tenant, who, act, replace(current, test_addresses=wanted))
    return True


async def add_test_address(uow: UnitOfWork, tenant: str, who: AuditActor, address: str) -> bool:
    """List one more test address; False if it was listed already."""
    current = await _lock(uow, tenant)
    return await set_test_addresses(uow, tenant, who, {*current.test_addresses, address})


async def set_placeholder_ids(uow: UnitOfWork, tenant: str, who: AuditActor, ids: Iterable[str]) -> bool:
    """List exactly these customer ids as standing for nobody; False if they were listed already."""
    wanted = frozenset(map(folded_customer_id, ids))
    current = await _lock(uow, tenant)
    if current.placeholder_ids == wanted:
        return False
    await repository.write_placeholder_ids(uow, tenant, sorted(wanted))
    act = f"set the customer ids that stand for nobody ({len(wanted)})"
    await repository.log_change(uow, tenant, who.name, act)
    record_audit(uow, tenant, who, "placeholder_ids", count=len(wanted))
    return True


async def change_placeholder_id(
    uow: UnitOfWork, tenant: str, who: AuditActor, customer_id: str, *, add: bool
) -> bool:
    """List one customer id more, or one less; False if it was so already."""
    current = (await _lock(uow, tenant)).placeholder_ids
    changed = {folded_customer_id(customer_id)}
    return await set_placeholder_ids(uow, tenant, who, current | changed if add else current - changed)


def sending_event(row: Row[Any]) -> TenantSending:
    """How a tenant sends, as it is published."""
    return TenantSending(version=row.version, mode=row.mode, stopped=row.stopped, changed_at=row.changed_at)


async def publish_unpublished(uow: UnitOfWork, limit: int) -> int:
    """Publish how those tenants send that an earlier version of this code has changed; returns how many."""
    rows = await repository.mark_unpublished(uow, limit)
    for row in rows:
        uow.publish(SENDING, row.tenant, sending_event(row))
    return len(rows)


async def _publish(uow: UnitOfWork, tenant: str) -> None:
    uow.publish(SENDING, tenant, sending_event(await repository.mark_published(uow, tenant)))
    # Consumers of an earlier version read it from the surveys.
    await publish_new_versions(uow, tenant)


async def _lock(uow: UnitOfWork, tenant: str, seen: str | None = None) -> Sending:
    row = await repository.lock(uow, tenant)
    if seen is not None and seen != await sending_version(uow, tenant):
        raise SendingChanged
    return sending_from(row)


async def _write(uow: UnitOfWork, tenant: str, who: AuditActor, act: str, changed: Sending) -> None:
    await repository.write(
        uow, tenant, mode=changed.mode, stopped=changed.stopped, test_addresses=sorted(changed.test_addresses)
    )
    await repository.log_change(uow, tenant, who.name, act)
    record_audit(
        uow,
        tenant,
        who,
        "sending",
        mode=changed.mode,
        stopped=changed.stopped,
        test_addresses=len(changed.test_addresses),
    )
