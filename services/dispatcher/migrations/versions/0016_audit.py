"""Who looked at or changed what: lines are only ever added, and deleted when they are old."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE audit_line (
        tenant text NOT NULL,
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        who text NOT NULL,
        act text NOT NULL,
        about text,
        facts jsonb NOT NULL,
        CONSTRAINT pk_audit_line PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_audit_line_tenant_at_id ON audit_line (tenant, at, id)",
    # Not younger than the shortest time for which a company may keep its log.
    """
    CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '15 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'lines of the log are only ever added';
    END
    $$
    """,
    """
    CREATE TRIGGER refuse_audit_change BEFORE UPDATE OR DELETE ON audit_line
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
