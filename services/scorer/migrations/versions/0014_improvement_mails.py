"""What became of the mails that told customers of an action of improvement."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE improvement_mail (
        tenant text NOT NULL,
        mail_id uuid NOT NULL,
        improvement_id uuid NOT NULL,
        version bigint NOT NULL,
        state text NOT NULL,
        reason text,
        CONSTRAINT pk_improvement_mail PRIMARY KEY (tenant, mail_id)
    )
    """,
    "CREATE INDEX ix_improvement_mail_improvement ON improvement_mail (tenant, improvement_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
