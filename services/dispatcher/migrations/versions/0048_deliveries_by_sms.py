"""The delivery of an invitation by SMS gets its channel also where the trigger makes it.

The trigger makes the deliveries of invitations that are inserted, for versions from before there were any.
"""

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE OR REPLACE FUNCTION deliver_invitation() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND NEW.state IN ('withheld', 'bounced', 'sent') THEN
                RETURN NULL;
            END IF;
            INSERT INTO delivery AS d (
                tenant, about_id, kind, channel, state, reason, due_at, lease_until, attempts, refusals
            )
            VALUES (
                NEW.tenant, NEW.id, 'first',
                coalesce(CAST(nullif(convert_from(NEW.body, 'UTF8'), '') AS json) ->> 'channel', 'mail'),
                CASE NEW.state WHEN 'withheld' THEN 'dropped' WHEN 'bounced' THEN 'failed' ELSE NEW.state END,
                NEW.reason, NEW.next_at, NEW.lease_until, NEW.attempts, NEW.refusals
            )
            ON CONFLICT (tenant, about_id, n) DO UPDATE SET
                state = EXCLUDED.state,
                reason = EXCLUDED.reason,
                due_at = EXCLUDED.due_at,
                lease_until = EXCLUDED.lease_until,
                attempts = greatest(d.attempts, EXCLUDED.attempts),
                refusals = greatest(d.refusals, EXCLUDED.refusals)
            WHERE TG_OP = 'UPDATE';
            RETURN NULL;
        END $$
        """
    )
