"""Lists of cases that people have saved under a name."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE saved_filter (
            tenant text NOT NULL,
            staff_id uuid NOT NULL,
            id uuid NOT NULL,
            name text NOT NULL,
            body jsonb NOT NULL,
            saved_at timestamptz NOT NULL,
            CONSTRAINT pk_saved_filter PRIMARY KEY (tenant, staff_id, id)
        )
    """)
    op.execute(
        "COMMENT ON TABLE saved_filter IS 'Lists of cases that people have saved; no customer is in one.'"
    )
