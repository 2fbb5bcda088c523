"""What the webhooks of each company ask for: only companies that want decisions told have them published."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE webhook_copy (
            tenant text,
            version bigint NOT NULL,
            types text[] NOT NULL,
            CONSTRAINT pk_webhook_copy PRIMARY KEY (tenant)
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE webhook_copy IS 'Of which types of messages the webhooks of a company are told.'"
    )
