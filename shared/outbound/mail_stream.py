"""The state of a service's stream of each channel: one row, shared by all its senders, shown on its pages."""

import msgspec
from sqlalchemy import ARRAY, Column, DateTime, MetaData, SmallInteger, Table, Text, Uuid

from shared.db import UnitOfWork
from shared.outbound.channel_names import DeliveryChannel
from shared.outbound.outcome_rules import MailStream

STREAM_DDL = """
    CREATE TABLE mail_stream (
        id smallint NOT NULL,
        stopped_at timestamptz,
        reason text,
        try_at timestamptz,
        refused uuid[] NOT NULL DEFAULT '{}',
        CONSTRAINT pk_mail_stream PRIMARY KEY (id)
    )
"""


def stream_table(metadata: MetaData) -> None:
    """Add ``mail_stream``; no row means that the stream is not stopped."""
    Table(
        "mail_stream",
        metadata,
        Column("id", SmallInteger, primary_key=True, autoincrement=False),
        Column("stopped_at", DateTime(timezone=True)),
        Column("reason", Text),
        Column("try_at", DateTime(timezone=True)),
        Column("refused", ARRAY(Uuid), nullable=False, server_default="{}"),
    )


STREAM_IDS: dict[DeliveryChannel, int] = {"mail": 1, "sms": 2}
"""The rows of the channels that send over one server; each push message has a server of its own."""
INSERT_STREAM = "INSERT INTO mail_stream (id) VALUES (:id) ON CONFLICT DO NOTHING"
FIND_STREAM = "SELECT stopped_at, reason, try_at, refused FROM mail_stream WHERE id = :id"
LOCK_STREAM = f"{FIND_STREAM} FOR UPDATE"
UPDATE_STREAM = """
    UPDATE mail_stream
    SET stopped_at = :stopped_at, reason = :reason, try_at = :try_at, refused = CAST(:refused AS uuid[])
    WHERE id = :id
"""
CLAIM_TRY = """
    UPDATE mail_stream SET try_at = :next_try_at
    WHERE id = :id AND stopped_at IS NOT NULL AND try_at <= :now
    RETURNING id
"""


async def read(uow: UnitOfWork, *, lock: bool = False, channel: DeliveryChannel = "mail") -> MailStream:
    """The state of the stream of a channel.

    :param lock: insert the row if there is none, and lock it until the transaction ends.
    """
    if lock:
        await uow.execute(INSERT_STREAM, {"id": STREAM_IDS[channel]})
    found = await uow.execute(LOCK_STREAM if lock else FIND_STREAM, {"id": STREAM_IDS[channel]})
    row = found.one_or_none()
    if row is None:
        return MailStream()
    return MailStream(
        stopped_at=row.stopped_at, reason=row.reason, try_at=row.try_at, refused=tuple(row.refused)
    )


async def write(uow: UnitOfWork, stream: MailStream, channel: DeliveryChannel = "mail") -> None:
    """Store the state of the stream, whose row is locked."""
    values = {**msgspec.structs.asdict(stream), "refused": list(stream.refused), "id": STREAM_IDS[channel]}
    await uow.execute(UPDATE_STREAM, values)


async def claim_try(uow: UnitOfWork, stream: MailStream, channel: DeliveryChannel = "mail") -> bool:
    """Claim the next attempt of a stopped stream; True for one of all senders."""
    values = {"next_try_at": stream.trying(uow.now).try_at, "now": uow.now, "id": STREAM_IDS[channel]}
    claimed = await uow.execute(CLAIM_TRY, values)
    return claimed.one_or_none() is not None
