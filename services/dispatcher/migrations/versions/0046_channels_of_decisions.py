"""By which channel an event asks, where that is not by mail: found by the search.

An invitation by a link is ``sent`` from the start and has no delivery. The trigger made one, for versions from
before there were deliveries, which insert none in this state.
"""

from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE decision ADD COLUMN channel text")
    op.execute(
        """
        CREATE INDEX ix_decision_channel ON decision (tenant, channel, decided_at, event_id)
        WHERE channel IS NOT NULL
        """
    )
    op.execute(
        """
        CREATE OR REPLACE FUNCTION deliver_invitation() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND NEW.state IN ('withheld', 'bounced', 'sent') THEN
                RETURN NULL;
            END IF;
            INSERT INTO delivery AS d (
                tenant, about_id, kind, state, reason, due_at, lease_until, attempts, refusals
            )
            VALUES (
                NEW.tenant, NEW.id, 'first',
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
