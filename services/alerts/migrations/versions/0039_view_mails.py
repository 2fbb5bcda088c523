"""Mails of saved views, by company and week."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE view_mail_week (
            tenant text NOT NULL,
            monday date NOT NULL,
            try_at timestamptz NOT NULL,
            give_up_at timestamptz NOT NULL,
            ended_at timestamptz,
            missed boolean NOT NULL DEFAULT false,
            CONSTRAINT pk_view_mail_week PRIMARY KEY (tenant, monday)
        )
    """)
    op.execute("CREATE INDEX ix_view_mail_week_open ON view_mail_week (try_at) WHERE ended_at IS NULL")
    op.execute("""
        CREATE TABLE view_mail (
            tenant text NOT NULL,
            id uuid NOT NULL,
            role text NOT NULL,
            segments text[] NOT NULL,
            body jsonb NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_view_mail PRIMARY KEY (tenant, id)
        )
    """)
    op.execute("CREATE INDEX ix_view_mail_created_at ON view_mail (created_at)")
    op.execute(
        "COMMENT ON TABLE view_mail_week IS 'For which weeks the scorer was asked for mails of views.'"
    )
    op.execute("COMMENT ON TABLE view_mail IS 'Mails of saved views that wait; a notification is of each.'")
