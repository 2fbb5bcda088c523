"""Alerts on segments whose score has fallen, and what the webhooks of a company ask for."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE webhook_types (
            tenant text,
            version bigint NOT NULL,
            types text[] NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_webhook_types PRIMARY KEY (tenant)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE segment_fall (
            tenant text,
            measurement text,
            segment text,
            version bigint NOT NULL,
            CONSTRAINT pk_segment_fall PRIMARY KEY (tenant, measurement, segment)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE segment_alert (
            tenant text,
            id uuid,
            version bigint NOT NULL,
            measurement text NOT NULL,
            segment text NOT NULL,
            belongs text[] NOT NULL,
            state text NOT NULL,
            first date NOT NULL,
            found date NOT NULL,
            until date NOT NULL,
            n_before integer NOT NULL,
            nps_before double precision NOT NULL,
            n integer NOT NULL,
            nps double precision NOT NULL,
            opened_at timestamptz NOT NULL,
            acknowledged_at timestamptz,
            acknowledged_by text,
            closed_at timestamptz,
            closed_by text,
            ended text,
            note text,
            CONSTRAINT pk_segment_alert PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute("CREATE INDEX ix_segment_alert_tenant_opened_at_id ON segment_alert (tenant, opened_at, id)")
    op.execute(
        """
        CREATE UNIQUE INDEX uq_segment_alert_one_open ON segment_alert (tenant, measurement, segment)
        WHERE state <> 'closed'
        """
    )
    for table, comment in (
        ("segment_fall", "The newest version of each fall of a segment''s score that was heard of."),
        ("segment_alert", "Alerts on segments whose score has fallen."),
        ("webhook_types", "What the webhooks of a company ask for, as it was last published."),
    ):
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
