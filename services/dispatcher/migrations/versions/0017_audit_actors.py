"""The log says which colleague or key it was; and no line of it is deleted with all the others."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE audit_line ADD COLUMN who_kind text NOT NULL DEFAULT 'staff', ADD COLUMN who_id text",
    """
    CREATE TRIGGER refuse_audit_truncate BEFORE TRUNCATE ON audit_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
