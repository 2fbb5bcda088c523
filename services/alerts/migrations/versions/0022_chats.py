"""Chat channels, and what is sent to them."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COMMENTS = {
    "chat_channel": "Channels of companies in Slack and Microsoft Teams, with their addresses sealed.",
    "chat_message": "Messages to chat channels: what each is about, and what became of it.",
}


def upgrade() -> None:
    op.execute("""
        CREATE TABLE chat_channel (
            tenant text NOT NULL,
            id uuid NOT NULL,
            name text NOT NULL,
            kind text NOT NULL,
            sealed bytea NOT NULL,
            shown text NOT NULL,
            topics text[] NOT NULL,
            segments text[] NOT NULL DEFAULT '{}',
            team_id uuid,
            language text NOT NULL DEFAULT '',
            state text NOT NULL,
            off_reason text,
            created_at timestamptz NOT NULL,
            changed_at timestamptz NOT NULL,
            failing_since timestamptz,
            failures integer NOT NULL DEFAULT 0,
            resume_at timestamptz,
            lease_id uuid,
            lease_until timestamptz,
            served_at timestamptz,
            CONSTRAINT pk_chat_channel PRIMARY KEY (tenant, id)
        )
    """)
    op.execute("CREATE SEQUENCE chat_message_seq")
    op.execute("""
        CREATE TABLE chat_message (
            tenant text NOT NULL,
            channel_id uuid NOT NULL,
            id uuid NOT NULL,
            seq bigint NOT NULL DEFAULT nextval('chat_message_seq'),
            kind text NOT NULL,
            about jsonb NOT NULL,
            state text NOT NULL,
            attempts integer NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            settled_at timestamptz,
            status integer,
            fault text,
            CONSTRAINT pk_chat_message PRIMARY KEY (tenant, channel_id, id)
        )
    """)
    op.execute("ALTER SEQUENCE chat_message_seq OWNED BY chat_message.seq")
    op.execute("CREATE INDEX ix_chat_message_seq ON chat_message (tenant, channel_id, seq)")
    op.execute(
        "CREATE INDEX ix_chat_message_lane ON chat_message (tenant, channel_id, seq) "
        "WHERE state IN ('waiting', 'sending')"
    )
    op.execute("CREATE INDEX ix_chat_message_tenant_created_at ON chat_message (tenant, created_at)")
    for table, comment in COMMENTS.items():
        op.execute(f"COMMENT ON TABLE {table} IS '{comment}'")
