"""Nobody is asked under the address of an erased customer; and the log is kept for a year at least."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE suppression DROP CONSTRAINT ck_suppression_reason",
    """
    ALTER TABLE suppression ADD CONSTRAINT ck_suppression_reason
    CHECK (reason IN ('unsubscribed', 'listed', 'erased'))
    """,
    # Not younger than the shortest time for which a company may keep its log.
    """
    CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'lines of the log are only ever added';
    END
    $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
