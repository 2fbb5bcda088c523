"""What came back: bounces of mails and complaints about them, and the addresses that are dropped for them."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE suppression DROP CONSTRAINT ck_suppression_reason",
    """
    ALTER TABLE suppression ADD CONSTRAINT ck_suppression_reason
    CHECK (reason IN ('unsubscribed', 'listed', 'erased', 'bounced', 'complained'))
    """,
    """
    CREATE TABLE bounce (
        tenant text NOT NULL,
        invitation_id uuid NOT NULL,
        n integer NOT NULL,
        kind text NOT NULL,
        at timestamptz NOT NULL,
        status text,
        source text NOT NULL,
        dropped boolean NOT NULL,
        CONSTRAINT pk_bounce PRIMARY KEY (tenant, invitation_id, n, kind),
        CONSTRAINT ck_bounce_kind CHECK (kind IN ('hard', 'soft', 'policy', 'complaint'))
    )
    """,
    "CREATE INDEX ix_bounce_at ON bounce (at)",
    """
    CREATE TABLE webhook_token (
        provider text NOT NULL,
        token text NOT NULL,
        seen_at timestamptz NOT NULL,
        CONSTRAINT pk_webhook_token PRIMARY KEY (provider, token)
    )
    """,
    "CREATE INDEX ix_webhook_token_seen_at ON webhook_token (seen_at)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
