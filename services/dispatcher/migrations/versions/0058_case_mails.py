"""Mails from cases to customers, and what customers answer to them.

The tables are new, and the version before does not mind deliveries that are about nothing it knows.
"""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE case_mail (
            tenant text NOT NULL,
            id uuid NOT NULL,
            kind text NOT NULL,
            version bigint NOT NULL,
            state text NOT NULL,
            reason text,
            case_id uuid NOT NULL,
            case_number bigint NOT NULL,
            answer_id uuid NOT NULL,
            customer_id text,
            person text NOT NULL,
            contact_key text,
            written_at timestamptz NOT NULL,
            body bytea,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_case_mail PRIMARY KEY (tenant, id),
            CONSTRAINT ck_case_mail_state CHECK (
                state IN ('waiting', 'sent', 'refused', 'failed', 'bounced', 'unknown')
            )
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE case_mail IS 'Mails from cases to customers: their words until they are settled, "
        "and what became of each.'"
    )
    op.execute("CREATE INDEX ix_case_mail_id ON case_mail (id)")
    op.execute("CREATE INDEX ix_case_mail_changed_at ON case_mail (changed_at)")
    op.execute("CREATE INDEX ix_case_mail_waiting ON case_mail (tenant, id) WHERE state = 'waiting'")
    op.execute("CREATE INDEX ix_case_mail_tenant_person ON case_mail (tenant, person)")
    op.execute("CREATE INDEX ix_case_mail_no_person ON case_mail (tenant) WHERE person IS NULL")
    op.execute(
        """
        CREATE TABLE mail_back (
            tenant text NOT NULL,
            mail_id uuid NOT NULL,
            id uuid NOT NULL,
            came_at timestamptz NOT NULL,
            automatic boolean NOT NULL,
            CONSTRAINT pk_mail_back PRIMARY KEY (tenant, mail_id, id)
        )
        """
    )
    op.execute(
        "COMMENT ON TABLE mail_back IS 'Mails of customers that were taken, each once; what they say is told "
        "to alerts, and not kept.'"
    )
    op.execute("CREATE INDEX ix_mail_back_came_at ON mail_back (came_at)")
    op.execute("CREATE INDEX ix_outbox_case_mail ON outbox (key) WHERE topic = 'case-mails.v1'")
    op.execute(
        "CREATE INDEX ix_delivery_reply ON delivery (due_at) WHERE kind = 'reply' AND state = 'waiting'"
    )
    op.execute("ALTER TABLE case_heard ADD COLUMN may_contact boolean")
