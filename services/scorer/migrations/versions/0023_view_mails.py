"""Who gets a saved view every Monday."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE view_mail (
            tenant text NOT NULL,
            view_id uuid NOT NULL,
            staff_id uuid NOT NULL,
            wanted_at timestamptz NOT NULL,
            CONSTRAINT pk_view_mail PRIMARY KEY (tenant, view_id, staff_id)
        )
    """)
    op.execute("CREATE INDEX ix_view_mail_person ON view_mail (tenant, staff_id)")
