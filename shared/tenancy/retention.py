"""How long each tenant keeps its data: at the dispatcher what was set, elsewhere a replica of it."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Table, Text

from shared.db.bulk import keep_newest_events
from shared.db.database import UnitOfWork
from shared.events import Event, RetentionRules, TenantRetention
from shared.events.dedupe import newest
from shared.events.retention import RETENTION_KINDS

RETENTION_DDL = (
    """
    CREATE TABLE retention (
        tenant text NOT NULL,
        version bigint NOT NULL,
        contacts integer NOT NULL,
        comments integer NOT NULL,
        cases integer NOT NULL,
        decisions integer NOT NULL,
        visits integer NOT NULL,
        deliveries integer NOT NULL,
        sessions integer NOT NULL,
        audit integer NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_retention PRIMARY KEY (tenant)
    )
    """,
    """
    CREATE TABLE retention_run (
        name text NOT NULL,
        finished_at timestamptz NOT NULL,
        CONSTRAINT pk_retention_run PRIMARY KEY (name)
    )
    """,
)
"""For the migration of a service that keeps something for a time. A further kind is a migration."""

RETENTION_TABLE = Table(
    "retention",
    MetaData(),
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    *(Column(kind, Integer, nullable=False) for kind in RETENTION_KINDS),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
_DAYS_COLUMNS = ", ".join(RETENTION_KINDS)

FIND_RETENTION = f"SELECT {_DAYS_COLUMNS} FROM retention WHERE tenant = :tenant"


def retention_tables(metadata: MetaData) -> None:
    """Add ``retention`` to a service's tables, and ``retention_run``: when old data were last removed."""
    RETENTION_TABLE.to_metadata(metadata)
    Table(
        "retention_run",
        metadata,
        Column("name", Text, primary_key=True),
        Column("finished_at", DateTime(timezone=True), nullable=False),
    )


async def keep_retention(uow: UnitOfWork, events: Sequence[Event[TenantRetention]]) -> None:
    """Handle ``retention`` events: keep the newest of each tenant."""
    await keep_newest_events(uow, RETENTION_TABLE, newest(events, lambda _: "retention"))


async def find_retention(uow: UnitOfWork, tenant: str) -> RetentionRules:
    """For how many days the tenant keeps each kind of data: the defaults, where it has set nothing."""
    row = (await uow.execute(FIND_RETENTION, {"tenant": tenant})).one_or_none()
    return RetentionRules(**row._mapping) if row else RetentionRules()  # noqa: SLF001  (its documented name)
