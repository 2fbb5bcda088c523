"""Deliveries: a notification is what a mail is about, its delivery is the mail."""

from alembic import op

from shared.outbound.deliveries import DELIVERY_DDL

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in DELIVERY_DDL:
        op.execute(statement)
    # The version before this one, which may still run, knows no deliveries: it inserts notifications alone, and each
    # of its UPDATEs names lease_until. This version updates deliveries alone, and the other one must see it. When
    # both end the same lease at once, one of them may be aborted by a deadlock, and tries again.
    op.execute("""
        CREATE FUNCTION deliver_notification() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
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
        "CREATE TRIGGER deliver_notification AFTER INSERT OR UPDATE OF lease_until ON notification "
        "FOR EACH ROW EXECUTE FUNCTION deliver_notification()"
    )
    op.execute("""
        CREATE FUNCTION show_delivery() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE notification SET
                state = NEW.state,
                reason = NEW.reason,
                due_at = NEW.due_at,
                attempts = NEW.attempts,
                refusals = NEW.refusals
            WHERE tenant = NEW.tenant AND id = NEW.about_id;
            RETURN NULL;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER show_delivery AFTER UPDATE OF state ON delivery "
        "FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION show_delivery()"
    )
    op.execute("""
        INSERT INTO delivery (
            tenant, about_id, kind, state, reason, due_at, lease_until, attempts, refusals
        )
        SELECT tenant, id, 'notice', state, reason, due_at, lease_until, attempts, refusals FROM notification
    """)
