"""A service's replica of how each tenant sends."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text

from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Event, TenantSending
from shared.events.dedupe import newest

SENDING_COPY = Table(
    "sending_copy",
    MetaData(),
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("mode", Text, nullable=False),
    Column("stopped", Boolean, nullable=False),
)

FIND_SENDING = "SELECT mode, stopped FROM sending_copy WHERE tenant = :tenant"


def sending_table(metadata: MetaData) -> None:
    """Add ``sending_copy`` to a service's tables."""
    SENDING_COPY.to_metadata(metadata)


async def keep_sending(uow: UnitOfWork, events: Sequence[Event[TenantSending]]) -> None:
    """Handle ``sending`` events: keep the newest of each tenant."""
    await keep_newest_events(uow, SENDING_COPY, newest(events, lambda _: "sending"))


async def sending_state(uow: UnitOfWork, tenant: str) -> tuple[bool, bool]:
    """Whether the tenant is in test mode, as it is at first, and whether all its sending is stopped."""
    row = (await uow.execute(FIND_SENDING, {"tenant": tenant})).one_or_none()
    return (row.mode == "test", row.stopped) if row else (True, False)
