"""Who has a case open at the moment."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE case_viewer (
            tenant text NOT NULL,
            case_id uuid NOT NULL,
            staff_id uuid NOT NULL,
            seen_at timestamptz NOT NULL,
            CONSTRAINT pk_case_viewer PRIMARY KEY (tenant, case_id, staff_id)
        )
    """)
    op.execute(
        "CREATE INDEX ix_case_viewer_tenant_staff_id_seen_at ON case_viewer (tenant, staff_id, seen_at)"
    )
    op.execute("COMMENT ON TABLE case_viewer IS 'Who has a case open: when their page last said so.'")
