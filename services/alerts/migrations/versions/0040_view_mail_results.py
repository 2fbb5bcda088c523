"""What became of each mail of a saved view, by view, Monday and person."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE view_mail_result (
            tenant text NOT NULL,
            view_id uuid NOT NULL,
            monday date NOT NULL,
            staff_id uuid NOT NULL,
            outcome text NOT NULL,
            mail_id uuid,
            noted_at timestamptz NOT NULL,
            CONSTRAINT pk_view_mail_result PRIMARY KEY (tenant, view_id, monday, staff_id)
        )
    """)
    op.execute("CREATE INDEX ix_view_mail_result_monday ON view_mail_result (monday)")
    op.execute(
        "COMMENT ON TABLE view_mail_result IS 'What became of each mail of a saved view, for sixty days.'"
    )
