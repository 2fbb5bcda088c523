"""Endpoints, and who wants to hear what."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.alerts.webhooks.domain import WebhookEndpoint
from shared.db.database import UnitOfWork
from shared.db.deadlines import Deadline, clear_deadlines, set_deadlines
from shared.db.locks import lock_name

REMOVAL_DEADLINE = "webhook_removal"
"""The kind of deadline by which the messages of a webhook that was deleted are removed."""
COLUMNS = ", ".join(f"w.{name}" for name in WebhookEndpoint.__struct_fields__)
_FIELDS = ", ".join(WebhookEndpoint.__struct_fields__)
_VALUES = ", ".join(
    f"CAST(:{name} AS text[])" if name in {"types", "segments"} else f":{name}"
    for name in WebhookEndpoint.__struct_fields__
)

FIND_WEBHOOK = f"""
    SELECT {COLUMNS} FROM webhook w
    WHERE w.tenant = :tenant AND w.id = :id
"""
LOCK_WEBHOOK = f"{FIND_WEBHOOK} FOR UPDATE"


async def find(
    uow: UnitOfWork, tenant: str, webhook_id: UUID, *, lock: bool = False
) -> WebhookEndpoint | None:
    """A webhook of this company."""
    found = await uow.execute(LOCK_WEBHOOK if lock else FIND_WEBHOOK, {"tenant": tenant, "id": webhook_id})
    row = found.one_or_none()
    return None if row is None else webhook_of(row)


class WebhookCounts(NamedTuple):
    """How the messages of a webhook stand."""

    waiting: int
    oldest_waiting: datetime | None
    failed: int


# The counts end early: nobody needs to know how far beyond it is.
LIST_WEBHOOKS = f"""
    SELECT {COLUMNS}, waiting.n AS waiting, waiting.oldest, failed.n AS failed
    FROM webhook w
    CROSS JOIN LATERAL (
        SELECT count(*) AS n, min(d.created_at) AS oldest
        FROM (
            SELECT d.created_at FROM webhook_delivery d
            WHERE d.tenant = w.tenant AND d.webhook_id = w.id AND d.state = 'waiting'
            ORDER BY d.seq
            LIMIT :most
        ) d
    ) waiting
    CROSS JOIN LATERAL (
        SELECT count(*) AS n
        FROM (
            SELECT d.state FROM webhook_delivery d
            WHERE d.tenant = w.tenant AND d.webhook_id = w.id
            ORDER BY d.seq DESC
            LIMIT :most
        ) d
        WHERE d.state = 'failed'
    ) failed
    WHERE w.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR w.id = :id)
    ORDER BY w.name, w.id
"""
MOST_COUNTED = 1_000
"""Of the messages that wait, and of the newest among which failed ones are counted."""


async def list_of(
    uow: UnitOfWork, tenant: str, webhook_id: UUID | None = None
) -> list[tuple[WebhookEndpoint, WebhookCounts]]:
    """The webhooks of a company, or one of them, with how their messages stand."""
    rows = await uow.execute(LIST_WEBHOOKS, {"tenant": tenant, "id": webhook_id, "most": MOST_COUNTED})
    return [(webhook_of(row), WebhookCounts(row.waiting, row.oldest, row.failed)) for row in rows]


COUNT_WEBHOOKS = "SELECT count(*) FROM webhook WHERE tenant = :tenant"


async def count_of(uow: UnitOfWork, tenant: str) -> int:
    """How many a company has. Until the transaction ends, nobody else adds one."""
    await lock_name(uow, "webhooks", tenant)
    return int((await uow.execute(COUNT_WEBHOOKS, {"tenant": tenant})).scalar_one())


ADD_WEBHOOK = f"""
    INSERT INTO webhook ({_FIELDS}) VALUES ({_VALUES})
    ON CONFLICT DO NOTHING
    RETURNING id
"""


REMOVE_ALL = "DELETE FROM webhook_delivery WHERE tenant = :tenant AND webhook_id = :id"


async def add(uow: UnitOfWork, webhook: WebhookEndpoint) -> bool:
    """Store a new one; False when there is one of this id.

    Messages of one that had this id and was deleted are none of its own.
    """
    if (await uow.execute(ADD_WEBHOOK, _values(webhook))).one_or_none() is None:
        return False
    if await clear_deadlines(uow, REMOVAL_DEADLINE, [(webhook.tenant, webhook.id)]):
        await uow.execute(REMOVE_ALL, {"tenant": webhook.tenant, "id": webhook.id})
    return True


UPDATE_WEBHOOK = """
    UPDATE webhook SET name = :name, url = :url, state = :state, off_reason = :off_reason,
        types = CAST(:types AS text[]), segments = CAST(:segments AS text[]), sealed = :sealed,
        sealed_before = :sealed_before, before_until = :before_until, changed_at = :changed_at,
        failing_since = :failing_since
    WHERE tenant = :tenant AND id = :id
"""


async def update(uow: UnitOfWork, webhook: WebhookEndpoint) -> None:
    """Write one that is locked."""
    await uow.execute(UPDATE_WEBHOOK, _values(webhook))


DELETE_WEBHOOK = "DELETE FROM webhook WHERE tenant = :tenant AND id = :id RETURNING id"


async def delete(uow: UnitOfWork, tenant: str, webhook_id: UUID) -> bool:
    """Delete one; its messages are removed by the clock, in parts. False when there is none."""
    found = await uow.execute(DELETE_WEBHOOK, {"tenant": tenant, "id": webhook_id})
    if found.one_or_none() is None:
        return False
    await set_deadlines(uow, [Deadline(tenant, REMOVAL_DEADLINE, webhook_id, uow.now)])
    return True


class Listener(NamedTuple):
    """A webhook that wants to hear of a type."""

    webhook_id: UUID
    segments: tuple[str, ...]
    since: datetime


FIND_LISTENERS = """
    SELECT tenant, id, segments, created_at FROM webhook
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND state <> 'off' AND :type = ANY(types)
    ORDER BY tenant, id
"""


async def listeners(uow: UnitOfWork, kind: str, tenants: Collection[str]) -> dict[str, list[Listener]]:
    """By company: who wants to hear of this type. Most companies have nobody."""
    found: dict[str, list[Listener]] = {}
    if tenants:
        for row in await uow.execute(FIND_LISTENERS, {"tenants": sorted(tenants), "type": kind}):
            found.setdefault(row.tenant, []).append(Listener(row.id, tuple(row.segments), row.created_at))
    return found


def webhook_of(row: Row[Any]) -> WebhookEndpoint:
    """The webhook of a row that has ``COLUMNS``."""
    given: dict[str, Any] = {name: getattr(row, name) for name in WebhookEndpoint.__struct_fields__}
    return WebhookEndpoint(**{**given, "types": tuple(row.types), "segments": tuple(row.segments)})


def _values(webhook: WebhookEndpoint) -> dict[str, Any]:
    values = msgspec.structs.asdict(webhook)
    lists: dict[str, Sequence[str]] = {"types": list(webhook.types), "segments": list(webhook.segments)}
    return {**values, **lists}
