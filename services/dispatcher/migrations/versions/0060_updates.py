"""Actions of improvement, and the mails that tell customers what has been done.

The version before goes on claiming mails from cases, by a slower plan: it looks for one kind alone.
"""

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE improvement_copy (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        cause text,
        segment text NOT NULL,
        first_day date NOT NULL,
        texts jsonb NOT NULL,
        published_at timestamptz,
        CONSTRAINT pk_improvement_copy PRIMARY KEY (tenant, id)
    )
    """,
    """
    COMMENT ON TABLE improvement_copy IS
        'Actions of improvement, as far as it is needed to tell customers of them.'
    """,
    """
    CREATE INDEX ix_improvement_copy_published ON improvement_copy (published_at)
        WHERE published_at IS NOT NULL
    """,
    "ALTER TABLE case_mail ADD COLUMN improvement_id uuid",
    """
    CREATE INDEX ix_case_mail_improvement ON case_mail (tenant, improvement_id, person)
        WHERE improvement_id IS NOT NULL
    """,
    """
    CREATE INDEX ix_delivery_case_mail ON delivery (kind, due_at)
        WHERE kind IN ('reply', 'update') AND state = 'waiting'
    """,
    "DROP INDEX ix_delivery_reply",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
