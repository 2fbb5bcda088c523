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
    op.execute("ALTER TABLE notification ADD COLUMN channel text")
    op.execute("ALTER TABLE notification ADD COLUMN digest_id uuid")
    # Versions that know no deliveries have them made. This one says the channel, and adds its deliveries itself.
    op.execute("""
        CREATE OR REPLACE FUNCTION deliver_notification() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND NEW.channel IS NOT NULL THEN
                RETURN NULL;
            END IF;
            INSERT INTO delivery AS d (
                tenant, about_id, kind, state, reason, due_at, lease_until, attempts, refusals
            )
            VALUES (
                NEW.tenant, NEW.id, 'notice', NEW.state, NEW.reason, NEW.due_at, NEW.lease_until, NEW.attempts,
                NEW.refusals
            )
            ON CONFLICT (tenant, about_id, n) DO UPDATE SET
                state = EXCLUDED.state,
                reason = EXCLUDED.reason,
                due_at = EXCLUDED.due_at,
                lease_until = EXCLUDED.lease_until,
                attempts = EXCLUDED.attempts,
                refusals = EXCLUDED.refusals
            WHERE TG_OP = 'UPDATE';
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE INDEX ix_notification_digest ON notification (tenant, digest_id) WHERE digest_id IS NOT NULL"
    )
