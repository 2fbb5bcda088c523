"""The kernel's tables, which every service has."""

from sqlalchemy import BigInteger, Column, Identity, Integer, LargeBinary, MetaData, Table, Text

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def kernel_tables(metadata: MetaData) -> None:
    """Add ``position`` and ``outbox`` to a service's tables."""
    Table(
        "position",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("part", Integer, primary_key=True),
        Column("next_offset", BigInteger, nullable=False),
        Column("max_ts", BigInteger, nullable=False),
        Column("bad_run", Integer, nullable=False, server_default="0"),
        Column("pass_until", BigInteger, nullable=False, server_default="0"),
        postgresql_with={"fillfactor": "50"},
    )
    Table(
        "outbox",
        metadata,
        Column("seq", BigInteger, Identity(always=True), primary_key=True),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", LargeBinary),
        postgresql_with={"autovacuum_vacuum_scale_factor": "0", "autovacuum_vacuum_threshold": "10000"},
    )


KERNEL_DDL = (
    """
    CREATE TABLE position (
        topic text NOT NULL,
        part integer NOT NULL,
        next_offset bigint NOT NULL,
        max_ts bigint NOT NULL,
        bad_run integer NOT NULL DEFAULT 0,
        pass_until bigint NOT NULL DEFAULT 0,
        CONSTRAINT pk_position PRIMARY KEY (topic, part)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY,
        topic text NOT NULL,
        key bytea,
        value bytea,
        headers bytea,
        CONSTRAINT pk_outbox PRIMARY KEY (seq)
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)
    """,
    """
    CREATE TABLE tenant (
        id text NOT NULL,
        version bigint NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_tenant PRIMARY KEY (id)
    )
    """,
)
"""Created by the first migration of each service, with its own tables. Never edited: every change is a later
migration."""
