"""Messages to webhooks: queued, listed, sent again, erased."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.alerts.webhooks.domain import MessageState
from shared.db.database import UnitOfWork
from shared.db.notifications import MESSAGES_CHANNEL
from shared.privacy.erased import TARGETS, Target, of_target, target_values


class QueuedMessage(NamedTuple):
    """A message for one webhook."""

    tenant: str
    webhook_id: UUID
    message_id: str
    type: str
    about: str
    person: str | None
    contact: str | None
    body: bytes
    follows: bool


# Numbered in the order of ``place``. Those of one thing are in order, since whoever changes it locks it.
QUEUE_MESSAGES = """
    INSERT INTO webhook_delivery (
        tenant, webhook_id, message_id, type, about, person, contact, body, state, created_at, next_at
    )
    SELECT n.tenant, n.webhook_id, n.message_id, n.type, n.about, n.person, n.contact, n.body,
        'waiting', :now, :now
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:webhooks AS uuid[]), CAST(:ids AS text[]), CAST(:types AS text[]),
        CAST(:about AS text[]), CAST(:persons AS text[]), CAST(:contacts AS text[]),
        CAST(:bodies AS bytea[]), CAST(:follows AS boolean[])
    ) WITH ORDINALITY AS n (
        tenant, webhook_id, message_id, type, about, person, contact, body, follows, place
    )
    WHERE NOT n.follows OR EXISTS (
        SELECT FROM webhook_delivery o
        WHERE o.tenant = n.tenant AND o.webhook_id = n.webhook_id AND o.about = n.about
    )
    ORDER BY n.place
    ON CONFLICT DO NOTHING
"""


async def queue(uow: UnitOfWork, messages: Sequence[QueuedMessage]) -> None:
    """Queue messages in this order; one that was queued before is not queued again."""
    names = ("tenants", "webhooks", "ids", "types", "about", "persons", "contacts", "bodies", "follows")
    columns = dict(zip(names, map(list, zip(*messages, strict=True)), strict=True))
    await uow.execute(QUEUE_MESSAGES, {**columns, "now": uow.now})
    uow.notify(MESSAGES_CHANNEL)


QUEUE_TEST = """
    INSERT INTO webhook_delivery (
        tenant, webhook_id, message_id, seq, type, about, person, body, state, created_at, next_at
    )
    VALUES (
        :tenant, :webhook, :id,
        (
            SELECT coalesce(min(d.seq) - 1, nextval('webhook_delivery_seq')) FROM webhook_delivery d
            WHERE d.tenant = :tenant AND d.webhook_id = :webhook AND d.state = 'waiting'
        ),
        :type, :about, '', :body, 'waiting', :now, :now
    )
"""


async def queue_test(
    uow: UnitOfWork, tenant: str, webhook_id: UUID, message_id: str, kind: str, body: bytes
) -> None:
    """Queue a message before all that wait."""
    await uow.execute(
        QUEUE_TEST,
        {
            "tenant": tenant,
            "webhook": webhook_id,
            "id": message_id,
            "type": kind,
            "about": message_id,
            "body": body,
            "now": uow.now,
        },
    )
    uow.notify(MESSAGES_CHANNEL)


class WebhookDelivery(NamedTuple):
    """A message as it stands."""

    message_id: str
    seq: int
    type: str
    about: str
    state: MessageState
    attempts: int
    created_at: datetime
    next_at: datetime
    tried_at: datetime | None
    settled_at: datetime | None
    status: int | None
    fault: str | None
    duration_ms: int | None
    excerpt: str | None
    can_be_replayed: bool


_DELIVERY_COLUMNS = (
    ", ".join(f"d.{name}" for name in WebhookDelivery._fields[:-1])
    + ", d.body IS NOT NULL AND d.state <> 'waiting' AS can_be_replayed"
)
LIST_DELIVERIES = f"""
    SELECT {_DELIVERY_COLUMNS} FROM webhook_delivery d
    WHERE d.tenant = :tenant AND d.webhook_id = :webhook
        AND (CAST(:before AS bigint) IS NULL OR d.seq < :before)
        AND (CAST(:state AS text) IS NULL OR d.state = :state)
    ORDER BY d.seq DESC
    LIMIT :limit
"""


async def list_page(
    uow: UnitOfWork,
    tenant: str,
    webhook_id: UUID,
    *,
    before: int | None,
    state: MessageState | None,
    limit: int,
) -> list[WebhookDelivery]:
    """The messages of a webhook before this number, the newest first."""
    values = {"tenant": tenant, "webhook": webhook_id, "before": before, "state": state, "limit": limit}
    return [WebhookDelivery._make(row) for row in await uow.execute(LIST_DELIVERIES, values)]


FIND_DELIVERY = f"""
    SELECT {_DELIVERY_COLUMNS} FROM webhook_delivery d
    WHERE d.tenant = :tenant AND d.webhook_id = :webhook AND d.message_id = :id
"""


async def find(uow: UnitOfWork, tenant: str, webhook_id: UUID, message_id: str) -> WebhookDelivery | None:
    """One message of a webhook."""
    found = await uow.execute(FIND_DELIVERY, {"tenant": tenant, "webhook": webhook_id, "id": message_id})
    row = found.one_or_none()
    return None if row is None else WebhookDelivery._make(row)


# In the order in which they were queued, behind all that wait.
REPLAY = """
    WITH chosen AS MATERIALIZED (
        SELECT d.message_id FROM webhook_delivery d
        WHERE d.tenant = :tenant AND d.webhook_id = :webhook AND d.body IS NOT NULL AND d.state <> 'waiting'
            AND d.type <> :test AND {which}
        ORDER BY d.seq
        LIMIT :limit
        FOR UPDATE
    ), numbered AS MATERIALIZED (
        SELECT message_id, nextval('webhook_delivery_seq') AS seq FROM chosen
    )
    UPDATE webhook_delivery d
    SET seq = n.seq, state = 'waiting', attempts = 0, next_at = :now, settled_at = NULL
    FROM numbered n
    WHERE d.tenant = :tenant AND d.webhook_id = :webhook AND d.message_id = n.message_id
"""
REPLAY_ONE = REPLAY.format(which="d.message_id = :id")
REPLAY_SINCE = REPLAY.format(
    which="d.created_at >= :since AND d.created_at < :until AND (NOT :failed_only OR d.state = 'failed')"
)
MAX_REPLAYED = 10_000
"""By one request."""


async def replay_one(uow: UnitOfWork, tenant: str, webhook_id: UUID, message_id: str, test: str) -> bool:
    """Send a message again, under its id; False: it waits already, was erased, or there is none."""
    values = {"tenant": tenant, "webhook": webhook_id, "id": message_id, "test": test, "limit": 1}
    return (await uow.execute(REPLAY_ONE, {**values, "now": uow.now})).rowcount == 1


async def replay_since(
    uow: UnitOfWork,
    tenant: str,
    webhook_id: UUID,
    *,
    since: datetime,
    until: datetime,
    failed_only: bool,
    test: str,
) -> int:
    """Send again what came about between two times; how many, at most :data:`MAX_REPLAYED`."""
    values = {
        "tenant": tenant,
        "webhook": webhook_id,
        "since": since,
        "until": until,
        "failed_only": failed_only,
        "test": test,
        "limit": MAX_REPLAYED,
        "now": uow.now,
    }
    return (await uow.execute(REPLAY_SINCE, values)).rowcount


HURRY = """
    UPDATE webhook_delivery SET next_at = :now
    WHERE tenant = :tenant AND webhook_id = :webhook AND state = 'waiting' AND next_at > :now
"""


async def hurry(uow: UnitOfWork, tenant: str, webhook_id: UUID) -> None:
    """Try now what waits for its next try: somebody has mended the endpoint."""
    await uow.execute(HURRY, {"tenant": tenant, "webhook": webhook_id, "now": uow.now})


ERASE_MESSAGES = f"""
    UPDATE webhook_delivery t
    SET body = NULL, person = '', contact = NULL, excerpt = NULL,
        state = CASE WHEN t.state = 'waiting' THEN 'dropped' ELSE t.state END,
        settled_at = coalesce(t.settled_at, :now)
    FROM {TARGETS}
    WHERE {of_target("t.contact")}
"""


async def erase(uow: UnitOfWork, targets: Collection[Target]) -> None:
    """Erase what messages hold of these customers. What waits is dropped; one that a sender has just read
    (``lanes.LOOK_AGAIN_S``), or is sending, leaves.
    """
    await uow.execute(ERASE_MESSAGES, {**target_values(targets), "now": uow.now})
