"""Mails between cases and customers: what became of each. Their words stand in the timeline."""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE case_mail (
            tenant text NOT NULL,
            id uuid NOT NULL,
            case_id uuid NOT NULL,
            direction text NOT NULL,
            kind text NOT NULL,
            reply_id uuid NOT NULL,
            version bigint NOT NULL,
            state text NOT NULL,
            reason text,
            fingerprint text NOT NULL,
            answers uuid[] NOT NULL,
            written_at timestamptz NOT NULL,
            CONSTRAINT pk_case_mail PRIMARY KEY (tenant, id)
        )
    """)
    op.execute("CREATE INDEX ix_case_mail_tenant_case_id ON case_mail (tenant, case_id)")
    op.execute(
        "COMMENT ON TABLE case_mail IS 'Mails between cases and customers, and what became of each; their "
        "words are in the timeline.'"
    )
