"""Messages to chat channels: queued and listed. A row says what a message is about, never its words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.alerts.chats.domain import ChatFault, ChatMessageState
from shared.db.database import UnitOfWork
from shared.db.notifications import MESSAGES_CHANNEL


class QueuedChat(NamedTuple):
    """A message for one channel."""

    tenant: str
    channel_id: UUID
    id: UUID
    kind: str
    about: Mapping[str, Any]
    """What its words are made of when it leaves."""
    unless: UUID | None = None
    """A message in place of this one, if the channel has it or will."""


# Numbered in the order of ``place``.
QUEUE_MESSAGES = """
    INSERT INTO chat_message (tenant, channel_id, id, kind, about, state, created_at)
    SELECT n.tenant, n.channel_id, n.id, n.kind, CAST(n.about AS jsonb), 'waiting', :now
    FROM unnest(
        CAST(:tenants AS text[]), CAST(:channels AS uuid[]), CAST(:ids AS uuid[]), CAST(:kinds AS text[]),
        CAST(:about AS text[]), CAST(:unless AS uuid[])
    ) WITH ORDINALITY AS n (tenant, channel_id, id, kind, about, unless, place)
    WHERE NOT EXISTS (
        SELECT FROM chat_message m
        WHERE m.tenant = n.tenant AND m.channel_id = n.channel_id AND m.id = n.unless
            AND m.state NOT IN ('refused', 'dropped', 'expired')
    )
    ORDER BY n.place
    ON CONFLICT DO NOTHING
"""


async def queue(uow: UnitOfWork, messages: Sequence[QueuedChat]) -> None:
    """Queue messages in this order; one that was queued before is not queued again."""
    if not messages:
        return
    await uow.execute(
        QUEUE_MESSAGES,
        {
            "tenants": [each.tenant for each in messages],
            "channels": [each.channel_id for each in messages],
            "ids": [each.id for each in messages],
            "kinds": [each.kind for each in messages],
            "about": [msgspec.json.encode(each.about).decode() for each in messages],
            "unless": [each.unless for each in messages],
            "now": uow.now,
        },
    )
    uow.notify(MESSAGES_CHANNEL)


QUEUE_TEST = """
    INSERT INTO chat_message (tenant, channel_id, id, seq, kind, about, state, created_at)
    VALUES (
        :tenant, :channel, :id,
        (
            SELECT coalesce(min(m.seq) - 1, nextval('chat_message_seq')) FROM chat_message m
            WHERE m.tenant = :tenant AND m.channel_id = :channel AND m.state = 'waiting'
        ),
        :kind, '{}', 'waiting', :now
    )
"""


async def queue_test(uow: UnitOfWork, tenant: str, channel_id: UUID, message_id: UUID, kind: str) -> None:
    """Queue a message before all that wait."""
    values = {"tenant": tenant, "channel": channel_id, "id": message_id, "kind": kind, "now": uow.now}
    await uow.execute(QUEUE_TEST, values)
    uow.notify(MESSAGES_CHANNEL)


class ChatLine(NamedTuple):
    """A message as it stands."""

    id: UUID
    seq: int
    kind: str
    state: ChatMessageState
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    status: int | None
    fault: ChatFault | None


LIST_MESSAGES = f"""
    SELECT {", ".join(f"m.{name}" for name in ChatLine._fields)} FROM chat_message m
    WHERE m.tenant = :tenant AND m.channel_id = :channel
        AND (CAST(:before AS bigint) IS NULL OR m.seq < :before)
    ORDER BY m.seq DESC
    LIMIT :limit
"""


async def list_page(
    uow: UnitOfWork, tenant: str, channel_id: UUID, *, before: int | None, limit: int
) -> list[ChatLine]:
    """The messages of a channel before this number, the newest first."""
    values = {"tenant": tenant, "channel": channel_id, "before": before, "limit": limit}
    return [ChatLine._make(row) for row in await uow.execute(LIST_MESSAGES, values)]


END_POSSIBLY_SENT = """
    UPDATE chat_message SET state = 'unknown', settled_at = :now
    WHERE state IN ('waiting', 'sending')
"""


async def end_possibly_sent(uow: UnitOfWork) -> int:
    """Make unknown what may have been posted since the backup that was restored; returns how many."""
    return (await uow.execute(END_POSSIBLY_SENT, {"now": uow.now})).rowcount
