"""Recounts, and the collector's totals, which they are compared with."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    # NULL: a version before this one counted it.
    "ALTER TABLE answer ADD COLUMN anonymous boolean",
    """
    CREATE TABLE collector_total (
        tenant text NOT NULL,
        name text NOT NULL,
        version bigint NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_collector_total PRIMARY KEY (tenant, name)
    )
    """,
    """
    CREATE TABLE audit_result (
        tenant text NOT NULL,
        at timestamptz NOT NULL,
        day date NOT NULL,
        counts integer NOT NULL,
        counts_differing integer NOT NULL,
        totals integer NOT NULL,
        totals_differing integer NOT NULL,
        totals_waiting integer NOT NULL,
        CONSTRAINT pk_audit_result PRIMARY KEY (tenant, at)
    )
    """,
    """
    CREATE TABLE audit_doubt (
        tenant text NOT NULL,
        name text NOT NULL,
        version bigint NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_audit_doubt PRIMARY KEY (tenant, name)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
