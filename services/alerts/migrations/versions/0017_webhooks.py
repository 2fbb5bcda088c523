"""Webhooks, what is sent to them, and the erasures of which they are told."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

COMMENTS = {
    "webhook": "Endpoints of companies, with their secrets sealed.",
    "webhook_delivery": "Messages to webhooks: what was told, and what became of it.",
    "webhook_erasure": "Which services have confirmed erasures, of companies that are told when one is done.",
}


def upgrade() -> None:
    op.execute("""
        CREATE TABLE webhook (
            tenant text NOT NULL,
            id uuid NOT NULL,
            name text NOT NULL,
            url text NOT NULL,
            state text NOT NULL,
            off_reason text,
            types text[] NOT NULL,
            segments text[] NOT NULL DEFAULT '{}',
            sealed bytea NOT NULL,
            sealed_before bytea,
            before_until timestamptz,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            failing_since timestamptz,
            lease_id uuid,
            lease_until timestamptz,
            served_at timestamptz,
            CONSTRAINT pk_webhook PRIMARY KEY (tenant, id)
        )
    """)
    op.execute("CREATE SEQUENCE webhook_delivery_seq")
    op.execute("""
        CREATE TABLE webhook_delivery (
            tenant text NOT NULL,
            webhook_id uuid NOT NULL,
            message_id text NOT NULL,
            seq bigint NOT NULL DEFAULT nextval('webhook_delivery_seq'),
            type text NOT NULL,
            about text NOT NULL,
            person text,
            contact text,
            body bytea,
            state text NOT NULL,
            attempts integer NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            next_at timestamptz NOT NULL,
            tried_at timestamptz,
            settled_at timestamptz,
            status integer,
            fault text,
            duration_ms integer,
            excerpt text,
            CONSTRAINT pk_webhook_delivery PRIMARY KEY (tenant, webhook_id, message_id)
        )
    """)
    op.execute("ALTER SEQUENCE webhook_delivery_seq OWNED BY webhook_delivery.seq")
    op.execute("CREATE INDEX ix_webhook_delivery_seq ON webhook_delivery (tenant, webhook_id, seq)")
    op.execute(
        "CREATE INDEX ix_webhook_delivery_lane ON webhook_delivery (tenant, webhook_id, seq) "
        "WHERE state = 'waiting'"
    )
    op.execute("CREATE INDEX ix_webhook_delivery_about ON webhook_delivery (tenant, webhook_id, about)")
    op.execute("CREATE INDEX ix_webhook_delivery_tenant_created_at ON webhook_delivery (tenant, created_at)")
    op.execute("CREATE INDEX ix_webhook_delivery_tenant_person ON webhook_delivery (tenant, person)")
    op.execute("CREATE INDEX ix_webhook_delivery_no_person ON webhook_delivery (tenant) WHERE person IS NULL")
    op.execute("""
        CREATE TABLE webhook_erasure (
            tenant text NOT NULL,
            target text NOT NULL,
            erasure_id uuid,
            confirmed text[] NOT NULL DEFAULT '{}',
            kept_at timestamptz NOT NULL,
            CONSTRAINT pk_webhook_erasure PRIMARY KEY (tenant, target)
        )
    """)
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
    op.execute("ALTER TABLE notification ADD COLUMN webhook_id uuid")
