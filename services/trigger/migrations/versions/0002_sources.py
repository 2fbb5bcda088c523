"""Sources: topics of the companies' own, where each has been read, and what did not fit."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE source (
            tenant text NOT NULL,
            id uuid NOT NULL,
            name text NOT NULL,
            topic text NOT NULL,
            state text NOT NULL,
            read_from text NOT NULL,
            connection bytea NOT NULL,
            reading bytea NOT NULL,
            sealed bytea,
            revision bigint NOT NULL,
            generation integer NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_source PRIMARY KEY (tenant, id),
            CONSTRAINT ck_source_state CHECK (state IN ('running', 'paused'))
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX ix_source_tenant_name ON source (tenant, name)")
    op.execute(
        """
        CREATE TABLE source_position (
            tenant text NOT NULL,
            source_id uuid NOT NULL,
            part integer NOT NULL,
            next_offset bigint,
            max_ts bigint NOT NULL DEFAULT 0,
            bad_run integer NOT NULL DEFAULT 0,
            taken bigint NOT NULL DEFAULT 0,
            refused bigint NOT NULL DEFAULT 0,
            skipped bigint NOT NULL DEFAULT 0,
            CONSTRAINT pk_source_position PRIMARY KEY (tenant, source_id, part),
            CONSTRAINT fk_source_position_tenant_source_id
                FOREIGN KEY (tenant, source_id) REFERENCES source (tenant, id) ON DELETE CASCADE
        ) WITH (fillfactor = 50)
        """
    )
    op.execute(
        """
        CREATE TABLE source_run (
            tenant text NOT NULL,
            source_id uuid NOT NULL,
            holder text,
            held_until timestamptz,
            problem text,
            problem_since timestamptz,
            lag bigint,
            measured_at timestamptz,
            CONSTRAINT pk_source_run PRIMARY KEY (tenant, source_id),
            CONSTRAINT fk_source_run_tenant_source_id
                FOREIGN KEY (tenant, source_id) REFERENCES source (tenant, id) ON DELETE CASCADE
        ) WITH (fillfactor = 50)
        """
    )
    op.execute(
        """
        CREATE TABLE source_fault (
            tenant text NOT NULL,
            source_id uuid NOT NULL,
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            part integer NOT NULL,
            record_offset bigint NOT NULL,
            field text NOT NULL,
            remedy bytea NOT NULL,
            CONSTRAINT pk_source_fault PRIMARY KEY (tenant, source_id, id),
            CONSTRAINT fk_source_fault_tenant_source_id
                FOREIGN KEY (tenant, source_id) REFERENCES source (tenant, id) ON DELETE CASCADE
        )
        """
    )
    op.execute(
        """
        CREATE TABLE source_worker (
            name text NOT NULL,
            seen_at timestamptz NOT NULL,
            CONSTRAINT pk_source_worker PRIMARY KEY (name)
        )
        """
    )
