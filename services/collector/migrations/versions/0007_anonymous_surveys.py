"""Answers that are kept without a person, and which links of their surveys were answered."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN anonymous boolean NOT NULL DEFAULT false",
    "CREATE INDEX ix_answer_unsent ON answer (day) WHERE anonymous AND state = 'saved'",
    """
    CREATE TABLE answered_link (
        tenant text NOT NULL,
        invitation_id uuid NOT NULL,
        day date,
        claim bytea,
        CONSTRAINT pk_answered_link PRIMARY KEY (tenant, invitation_id)
    )
    """,
    "CREATE INDEX ix_answered_link_claimed ON answered_link (day) WHERE claim IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
