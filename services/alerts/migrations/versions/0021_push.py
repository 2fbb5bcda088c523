"""Browsers of colleagues that take push messages, and notices for each of them."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE push_subscription (
            tenant text,
            id uuid,
            staff_id uuid NOT NULL,
            session_id uuid NOT NULL,
            digest text NOT NULL,
            sealed bytea NOT NULL,
            device text NOT NULL,
            created_at timestamptz NOT NULL,
            taken_at timestamptz,
            CONSTRAINT pk_push_subscription PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE push_subscription IS "
        "'Browsers that take push messages; their addresses and keys are sealed.'"
    )
    op.execute("CREATE INDEX ix_push_subscription_tenant_staff_id ON push_subscription (tenant, staff_id)")
    op.execute("CREATE UNIQUE INDEX uq_push_subscription_digest ON push_subscription (digest)")
    op.execute("ALTER TABLE notification ADD COLUMN subscription_id uuid")
