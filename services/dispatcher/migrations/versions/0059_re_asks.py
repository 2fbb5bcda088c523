"""Surveys that ask customers of cases again, and what of a case says whether and when."""

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE survey ADD COLUMN recovery_days integer NOT NULL DEFAULT 30",
    "ALTER TABLE survey_words DROP CONSTRAINT ck_survey_words_measurement",
    """
    ALTER TABLE survey_words ADD CONSTRAINT ck_survey_words_measurement
        CHECK (measurement IN ('transactional', 'relational', 'recovery'))
    """,
    """
    ALTER TABLE case_heard
        ADD COLUMN score smallint,
        ADD COLUMN stage text,
        ADD COLUMN anonymous boolean,
        ADD COLUMN first_contact_at timestamptz,
        ADD COLUMN reopened_at timestamptz,
        ADD COLUMN segments jsonb,
        ADD COLUMN organisation text[],
        ADD COLUMN asked_again uuid[] NOT NULL DEFAULT '{}'
    """,
    "CREATE INDEX ix_case_heard_closed ON case_heard (tenant, closed_at) WHERE state = 'closed'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
