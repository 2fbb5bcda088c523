"""Of what each person wants to be told, where and when; notices of further kinds, and in a digest."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE notice_choice (
            tenant text,
            staff_id uuid,
            body jsonb NOT NULL,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_notice_choice PRIMARY KEY (tenant, staff_id)
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE notice_choice IS "
        "'Of what each person wants to be told, where and when; without a row by the defaults.'"
    )
    op.execute("ALTER TABLE notification ADD COLUMN about jsonb")
    op.execute("ALTER TABLE notification ADD COLUMN channel text NOT NULL DEFAULT 'mail'")
    op.execute("ALTER TABLE notification ADD COLUMN digest_id uuid")
    op.execute(
        "CREATE INDEX ix_notification_digest ON notification (tenant, digest_id) WHERE digest_id IS NOT NULL"
    )
