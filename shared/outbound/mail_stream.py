"""Whether mail leaves, in one row for all senders of a service, and for the pages that tell it."""

from typing import Any

from sqlalchemy import ARRAY, Column, DateTime, MetaData, SmallInteger, Table, Text, Uuid

from shared.db import UnitOfWork
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
    """Add ``mail_stream``; no row means that mail leaves."""
    Table(
        "mail_stream",
        metadata,
        Column("id", SmallInteger, primary_key=True, autoincrement=False),
        Column("stopped_at", DateTime(timezone=True)),
        Column("reason", Text),
        Column("try_at", DateTime(timezone=True)),
        Column("refused", ARRAY(Uuid), nullable=False, server_default="{}"),
    )


async def read(uow: UnitOfWork, *, lock: bool = False) -> MailStream:
    """How it stands; ``lock``: nobody else changes it until we commit."""
    if lock:
        await uow.execute("INSERT INTO mail_stream (id) VALUES (1) ON CONFLICT DO NOTHING")
    found = await uow.execute(
        "SELECT stopped_at, reason, try_at, refused FROM mail_stream WHERE id = 1"
        + (" FOR UPDATE" if lock else "")
    )
    row = found.one_or_none()
    if row is None:
        return MailStream()
    return MailStream(
        stopped_at=row.stopped_at, reason=row.reason, try_at=row.try_at, refused=tuple(row.refused)
    )


async def write(uow: UnitOfWork, stream: MailStream) -> None:
    """Have it stand so; it is locked."""
    values: dict[str, Any] = {
        "stopped_at": stream.stopped_at,
        "reason": stream.reason,
        "try_at": stream.try_at,
        "refused": list(stream.refused),
    }
    await uow.execute(
        "UPDATE mail_stream SET stopped_at = :stopped_at, reason = :reason, try_at = :try_at, "
        "refused = CAST(:refused AS uuid[]) WHERE id = 1",
        values,
    )


async def claim_try(uow: UnitOfWork, stream: MailStream) -> bool:
    """Whether it is ours to try a mail although the stream is stopped: one of all senders does."""
    ours = await uow.execute(
        "UPDATE mail_stream SET try_at = :next WHERE id = 1 AND stopped_at IS NOT NULL AND try_at <= :now "
        "RETURNING id",
        {"next": stream.trying(uow.now).try_at, "now": uow.now},
    )
    return ours.one_or_none() is not None
