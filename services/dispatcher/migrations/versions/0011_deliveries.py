"""Deliveries: an invitation is the ask, each message about it has a row of its own."""

from alembic import op

from shared.outbound.deliveries import DELIVERY_DDL

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in DELIVERY_DDL:
        op.execute(statement)
    # The version before this one, which may still run, knows no deliveries. It inserts invitations alone, and moves
    # them by an UPDATE that names lease_until, which no statement of this version does. It locks the invitation first
    # and this version the delivery: when both end the same lease at once, one of them is aborted and tries again.
    op.execute("""
        CREATE FUNCTION deliver_invitation() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' AND NEW.state IN ('withheld', 'bounced') THEN
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
    """)
    op.execute(
        "CREATE TRIGGER deliver_invitation AFTER INSERT OR UPDATE OF lease_until ON invitation "
        "FOR EACH ROW EXECUTE FUNCTION deliver_invitation()"
    )
    op.execute("""
        INSERT INTO delivery (
            tenant, about_id, kind, state, reason, due_at, lease_until, attempts, refusals
        )
        SELECT tenant, id, 'first', state, reason, next_at, lease_until, attempts, refusals
        FROM invitation WHERE state IN ('waiting', 'sending')
    """)
