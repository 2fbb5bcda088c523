"""Imports of files: what was uploaded, in parts, how far it is, its faulty rows, and the mappings of before.

The tables are new, so the version before does not mind them.
"""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE import_job (
        tenant text NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        name text NOT NULL,
        digest bytea NOT NULL,
        encoding text NOT NULL,
        separator text NOT NULL,
        columns bytea NOT NULL,
        mapping bytea NOT NULL,
        rows integer NOT NULL,
        parts integer NOT NULL,
        next_part integer NOT NULL DEFAULT 0,
        done_rows integer NOT NULL DEFAULT 0,
        taken integer NOT NULL DEFAULT 0,
        refused integer NOT NULL DEFAULT 0,
        has_cells boolean NOT NULL DEFAULT true,
        language text NOT NULL,
        who_kind text NOT NULL,
        who_id text,
        who_name text NOT NULL,
        created_at timestamptz NOT NULL,
        started_at timestamptz,
        ended_at timestamptz,
        leased_until timestamptz NOT NULL,
        CONSTRAINT pk_import_job PRIMARY KEY (tenant, id),
        CONSTRAINT ck_import_job_kind CHECK (kind IN ('events', 'customers', 'answers', 'suppressions')),
        CONSTRAINT ck_import_job_state
            CHECK (state IN ('uploaded', 'running', 'done', 'stopped', 'expired'))
    )
    """,
    """
    CREATE UNIQUE INDEX ix_import_job_digest ON import_job (tenant, kind, digest)
    WHERE state IN ('uploaded', 'running')
    """,
    "CREATE INDEX ix_import_job_running ON import_job (leased_until) WHERE state = 'running'",
    """
    CREATE TABLE import_part (
        tenant text NOT NULL,
        import_id uuid NOT NULL,
        number integer NOT NULL,
        content bytea NOT NULL,
        CONSTRAINT pk_import_part PRIMARY KEY (tenant, import_id, number)
    )
    """,
    """
    CREATE TABLE import_fault (
        tenant text NOT NULL,
        import_id uuid NOT NULL,
        row integer NOT NULL,
        column_name text NOT NULL,
        remedy bytea NOT NULL,
        cells bytea,
        CONSTRAINT pk_import_fault PRIMARY KEY (tenant, import_id, row)
    )
    """,
    """
    CREATE TABLE import_mapping (
        tenant text NOT NULL,
        kind text NOT NULL,
        mapping bytea NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_import_mapping PRIMARY KEY (tenant, kind)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
