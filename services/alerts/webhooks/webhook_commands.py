"""What administrators and keys do with webhooks: make, change, pause, try, send again, delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from services.alerts.errors import SettingKeyReused, SettingRefused
from services.alerts.webhooks.contents import test_content
from services.alerts.webhooks.domain import (
    MAX_WEBHOOKS,
    TEST,
    MessageType,
    WebhookEndpoint,
)
from services.alerts.webhooks.endpoints import checked_url
from services.alerts.webhooks.repository import deliveries, webhooks
from services.alerts.webhooks.signing import new_secret, sealed_secret
from services.alerts.webhooks.wanted_types import publish_wanted
from shared.db.database import UnitOfWork
from shared.ids import uuid7
from shared.outbound.address_guard import AddressGuard
from shared.privacy.audit import AuditActor, record_audit
from shared.values.messages import Count, message

MAX_OVERLAP = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class WebhookWanted:
    """What a webhook is to be; None: as it is."""

    name: str | None = None
    url: str | None = None
    types: Sequence[MessageType] | None = None
    segments: Sequence[str] | None = None
    state: Literal["on", "paused"] | None = None


async def make(
    uow: UnitOfWork,
    root: str,
    guard: AddressGuard,
    tenant: str,
    webhook_id: UUID,
    wanted: WebhookWanted,
    *,
    who: AuditActor,
) -> tuple[WebhookEndpoint, str | None]:
    """Make a webhook; its secret is returned this once. One of this id that was made so stays as it is.

    :raises SettingRefused: naming the field and the remedy.
    :raises SettingKeyReused: when the webhook that is there is another one.
    """
    key = new_secret()
    webhook = WebhookEndpoint(
        tenant=tenant,
        id=webhook_id,
        name=wanted.name or "",
        url=checked_url(guard, wanted.url or ""),
        state=wanted.state or "on",
        types=tuple(wanted.types or ()),
        segments=tuple(wanted.segments or ()),
        sealed=sealed_secret(root, tenant, webhook_id, key),
        created_at=uow.now,
        changed_at=uow.now,
    )
    known = await webhooks.find(uow, tenant, webhook_id)
    if known is None and await webhooks.count_of(uow, tenant) >= MAX_WEBHOOKS:
        raise SettingRefused(
            "/name",
            message("A company may have %(most)s webhooks. Delete one first.", most=Count(MAX_WEBHOOKS)),
        )
    if known is None and await webhooks.add(uow, webhook):
        await publish_wanted(uow, tenant)
        record_audit(
            uow, tenant, who, "webhook_made", str(webhook_id), types=", ".join(sorted(webhook.types))
        )
        return webhook, key
    known = known or await webhooks.find(uow, tenant, webhook_id)
    if known is None or (known.name, known.url, known.types) != (webhook.name, webhook.url, webhook.types):
        raise SettingKeyReused
    return known, None


async def change(
    uow: UnitOfWork,
    guard: AddressGuard,
    tenant: str,
    webhook_id: UUID,
    wanted: WebhookWanted,
    *,
    who: AuditActor,
) -> WebhookEndpoint | None:
    """Change, pause or switch on a webhook; the same again changes nothing. None: there is none.

    :raises SettingRefused: naming the field and the remedy.
    """
    known = await webhooks.find(uow, tenant, webhook_id, lock=True)
    if known is None:
        return None
    url = None if wanted.url is None else checked_url(guard, wanted.url)
    given = {
        "name": wanted.name,
        "url": url,
        "types": None if wanted.types is None else tuple(wanted.types),
        "segments": None if wanted.segments is None else tuple(wanted.segments),
        "state": wanted.state,
    }
    changed = replace(known, **{name: value for name, value in given.items() if value is not None})
    if changed.state == "on" and known.state != "on":
        changed = replace(changed, off_reason=None, failing_since=None)
    if changed == known:
        return known
    changed = replace(changed, changed_at=uow.now)
    await webhooks.update(uow, changed)
    await publish_wanted(uow, tenant)
    if changed.state == "on" and (known.state != "on" or changed.url != known.url):
        await deliveries.hurry(uow, tenant, webhook_id)
    fields = sorted(name for name in given if getattr(changed, name) != getattr(known, name))
    record_audit(
        uow,
        tenant,
        who,
        "webhook_changed",
        str(webhook_id),
        fields=", ".join(fields),
        state=changed.state,
    )
    return changed


async def rotate(
    uow: UnitOfWork, root: str, tenant: str, webhook_id: UUID, overlap: timedelta, *, who: AuditActor
) -> tuple[WebhookEndpoint, str] | None:
    """Give a webhook a new secret, returned this once; the one before signs as well for so long.

    None: there is no such webhook.
    """
    known = await webhooks.find(uow, tenant, webhook_id, lock=True)
    if known is None:
        return None
    key = new_secret()
    changed = replace(
        known,
        sealed=sealed_secret(root, tenant, webhook_id, key),
        sealed_before=known.sealed if overlap else None,
        before_until=uow.now + overlap if overlap else None,
        changed_at=uow.now,
    )
    await webhooks.update(uow, changed)
    hours = int(overlap.total_seconds() // 3600)
    record_audit(uow, tenant, who, "webhook_secret_changed", str(webhook_id), overlap_hours=hours)
    return changed, key


async def try_out(uow: UnitOfWork, tenant: str, webhook_id: UUID) -> str | None:
    """Queue a test message before all others, also for a webhook that is not on; returns its id.

    None: there is no such webhook.
    """
    if await webhooks.find(uow, tenant, webhook_id) is None:
        return None
    content = test_content(tenant, webhook_id, uuid7(), uow.now)
    await deliveries.queue_test(uow, tenant, webhook_id, content.message_id, TEST, content.body())
    return content.message_id


async def replay_message(
    uow: UnitOfWork, tenant: str, webhook_id: UUID, message_id: str, *, who: AuditActor
) -> bool:
    """Send one message again; False: it waits already, was erased, or there is none."""
    if not await deliveries.replay_one(uow, tenant, webhook_id, message_id, TEST):
        return False
    record_audit(uow, tenant, who, "webhook_replayed", str(webhook_id), messages=1)
    return True


async def replay_between(
    uow: UnitOfWork,
    tenant: str,
    webhook_id: UUID,
    *,
    since: datetime,
    until: datetime,
    failed_only: bool,
    who: AuditActor,
) -> int:
    """Send again what came about between two times; how many."""
    found = await deliveries.replay_since(
        uow, tenant, webhook_id, since=since, until=until, failed_only=failed_only, test=TEST
    )
    if found:
        record_audit(uow, tenant, who, "webhook_replayed", str(webhook_id), messages=found)
    return found


async def remove(uow: UnitOfWork, tenant: str, webhook_id: UUID, *, who: AuditActor) -> bool:
    """Delete a webhook and its secret at once, and its messages soon. False: there is none."""
    if not await webhooks.delete(uow, tenant, webhook_id):
        return False
    await publish_wanted(uow, tenant)
    record_audit(uow, tenant, who, "webhook_deleted", str(webhook_id))
    return True
