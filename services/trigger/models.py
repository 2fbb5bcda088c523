"""The trigger's tables."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)

from shared.db.tables import NAMING_CONVENTION, kernel_tables
from shared.tenancy.tenants import tenant_tables

metadata = MetaData(naming_convention=NAMING_CONVENTION)
kernel_tables(metadata)
tenant_tables(metadata)

source = Table(
    "source",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Where reading begins: oldest, newest, or a time.
    Column("read_from", Text, nullable=False),
    Column("connection", LargeBinary, nullable=False),
    Column("reading", LargeBinary, nullable=False),
    # Passwords and the key of a client's certificate.
    Column("sealed", LargeBinary),
    Column("revision", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False, server_default=text("0")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("state IN ('running', 'paused')", name="state"),
    Index("ix_source_tenant_name", "tenant", "name", unique=True),
)

source_position = Table(
    "source_position",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("source_id", Uuid, primary_key=True),
    Column("part", Integer, primary_key=True),
    # Null: to be found by the source's `read_from`.
    Column("next_offset", BigInteger),
    Column("max_ts", BigInteger, nullable=False, server_default=text("0")),
    Column("bad_run", Integer, nullable=False, server_default=text("0")),
    Column("taken", BigInteger, nullable=False, server_default=text("0")),
    Column("refused", BigInteger, nullable=False, server_default=text("0")),
    Column("skipped", BigInteger, nullable=False, server_default=text("0")),
    ForeignKeyConstraint(["tenant", "source_id"], ["source.tenant", "source.id"], ondelete="CASCADE"),
    postgresql_with={"fillfactor": "50"},
)

# Which worker reads a source, and what it saw last. The position keeps two from taking the same in.
source_run = Table(
    "source_run",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("source_id", Uuid, primary_key=True),
    Column("holder", Text),
    Column("held_until", DateTime(timezone=True)),
    Column("problem", Text),
    Column("problem_since", DateTime(timezone=True)),
    Column("lag", BigInteger),
    Column("measured_at", DateTime(timezone=True)),
    ForeignKeyConstraint(["tenant", "source_id"], ["source.tenant", "source.id"], ondelete="CASCADE"),
    postgresql_with={"fillfactor": "50"},
)

# The newest dead letters of each source: place and remedy, never what the record holds.
source_fault = Table(
    "source_fault",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("source_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("part", Integer, nullable=False),
    Column("record_offset", BigInteger, nullable=False),
    Column("field", Text, nullable=False),
    Column("remedy", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant", "source_id"], ["source.tenant", "source.id"], ondelete="CASCADE"),
)

# Which links to an export of a company hold, and the download that runs.
company_export = Table(
    "company_export",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("series", Uuid, nullable=False),
    Column("held_by", Uuid),
    Column("held_until", DateTime(timezone=True)),
)

# Workers that live, so that each takes its share of the sources.
source_worker = Table(
    "source_worker",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seen_at", DateTime(timezone=True), nullable=False),
)
