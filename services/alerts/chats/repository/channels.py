"""Channels of companies' chats, and which of them are told what."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row

from services.alerts.chats.domain import ChatChannel, ChatTopic
from shared.db.database import UnitOfWork
from shared.db.locks import lock_name

_COLUMN_NAMES = ChatChannel.__struct_fields__
COLUMNS = ", ".join(f"h.{name}" for name in _COLUMN_NAMES)
_FIELDS = ", ".join(_COLUMN_NAMES)
_VALUES = ", ".join(
    f"CAST(:{name} AS text[])" if name in {"topics", "segments"} else f":{name}" for name in _COLUMN_NAMES
)

FIND_CHANNEL = f"""
    SELECT {COLUMNS} FROM chat_channel h
    WHERE h.tenant = :tenant AND h.id = :id
"""
LOCK_CHANNEL = f"{FIND_CHANNEL} FOR UPDATE"


async def find(uow: UnitOfWork, tenant: str, channel_id: UUID, *, lock: bool = False) -> ChatChannel | None:
    """A channel of this company."""
    found = await uow.execute(LOCK_CHANNEL if lock else FIND_CHANNEL, {"tenant": tenant, "id": channel_id})
    row = found.one_or_none()
    return None if row is None else channel_of(row)


class ChannelCounts(NamedTuple):
    """How the messages of a channel stand."""

    waiting: int
    last_sent_at: datetime | None


LIST_CHANNELS = f"""
    SELECT {COLUMNS}, counts.waiting, counts.last_sent_at
    FROM chat_channel h
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE m.state IN ('waiting', 'sending')) AS waiting,
            max(m.settled_at) FILTER (WHERE m.state = 'sent') AS last_sent_at
        FROM (
            SELECT m.state, m.settled_at FROM chat_message m
            WHERE m.tenant = h.tenant AND m.channel_id = h.id
            ORDER BY m.seq DESC
            LIMIT :most
        ) m
    ) counts
    WHERE h.tenant = :tenant AND (CAST(:id AS uuid) IS NULL OR h.id = :id)
    ORDER BY h.name, h.id
"""
MOST_COUNTED = 1_000
"""The newest messages, which are counted."""


async def list_of(
    uow: UnitOfWork, tenant: str, channel_id: UUID | None = None
) -> list[tuple[ChatChannel, ChannelCounts]]:
    """The channels of a company, or one of them, with how their messages stand."""
    rows = await uow.execute(LIST_CHANNELS, {"tenant": tenant, "id": channel_id, "most": MOST_COUNTED})
    return [(channel_of(row), ChannelCounts(row.waiting, row.last_sent_at)) for row in rows]


COUNT_CHANNELS = "SELECT count(*) FROM chat_channel WHERE tenant = :tenant"


async def count_of(uow: UnitOfWork, tenant: str) -> int:
    """How many a company has. Until the transaction ends, nobody else adds one."""
    await lock_name(uow, "chat channels", tenant)
    return int((await uow.execute(COUNT_CHANNELS, {"tenant": tenant})).scalar_one())


ADD_CHANNEL = f"""
    INSERT INTO chat_channel ({_FIELDS}) VALUES ({_VALUES})
    ON CONFLICT DO NOTHING
    RETURNING id
"""


async def add(uow: UnitOfWork, channel: ChatChannel) -> bool:
    """Store a new one; False when there is one of this id."""
    return (await uow.execute(ADD_CHANNEL, _values(channel))).one_or_none() is not None


UPDATE_CHANNEL = """
    UPDATE chat_channel SET name = :name, kind = :kind, sealed = :sealed, shown = :shown,
        topics = CAST(:topics AS text[]), segments = CAST(:segments AS text[]), team_id = :team_id,
        language = :language, state = :state, off_reason = :off_reason, changed_at = :changed_at,
        failing_since = :failing_since, failures = :failures, resume_at = :resume_at
    WHERE tenant = :tenant AND id = :id
"""


async def update(uow: UnitOfWork, channel: ChatChannel) -> None:
    """Write one that is locked."""
    await uow.execute(UPDATE_CHANNEL, _values(channel))


DELETE_CHANNEL = "DELETE FROM chat_channel WHERE tenant = :tenant AND id = :id RETURNING id"
DELETE_MESSAGES = "DELETE FROM chat_message WHERE tenant = :tenant AND channel_id = :id"


async def delete(uow: UnitOfWork, tenant: str, channel_id: UUID) -> bool:
    """Delete one with all its messages; False when there is none."""
    values = {"tenant": tenant, "id": channel_id}
    if (await uow.execute(DELETE_CHANNEL, values)).one_or_none() is None:
        return False
    await uow.execute(DELETE_MESSAGES, values)
    return True


class TopicListener(NamedTuple):
    """A channel that is told of a topic."""

    channel_id: UUID
    segments: tuple[str, ...]
    team_id: UUID | None


FIND_LISTENERS = """
    SELECT tenant, id, segments, team_id FROM chat_channel
    WHERE tenant = ANY(CAST(:tenants AS text[])) AND state = 'on' AND :topic = ANY(topics)
    ORDER BY tenant, id
"""


async def listeners(
    uow: UnitOfWork, topic: ChatTopic, tenants: Collection[str]
) -> dict[str, list[TopicListener]]:
    """By company: which channels are told of this topic. Most companies have none."""
    found: dict[str, list[TopicListener]] = {}
    if tenants:
        for row in await uow.execute(FIND_LISTENERS, {"tenants": sorted(tenants), "topic": topic}):
            found.setdefault(row.tenant, []).append(TopicListener(row.id, tuple(row.segments), row.team_id))
    return found


def channel_of(row: Row[Any]) -> ChatChannel:
    """The channel of a row that has ``COLUMNS``."""
    given: dict[str, Any] = {name: getattr(row, name) for name in _COLUMN_NAMES}
    return ChatChannel(**{**given, "topics": tuple(row.topics), "segments": tuple(row.segments)})


def _values(channel: ChatChannel) -> dict[str, Any]:
    lists: dict[str, Sequence[str]] = {"topics": list(channel.topics), "segments": list(channel.segments)}
    return {**msgspec.structs.asdict(channel), **lists}
