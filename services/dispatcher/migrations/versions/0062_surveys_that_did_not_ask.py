"""Each decision keeps which surveys did not ask about its event, and by which rule each fell; each version
of a survey's words keeps the rules that it had.

Decisions of earlier versions are found by the survey that asks alone, and of versions that a survey had
before this the words alone are known.
"""

from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE decision ADD COLUMN fallen text[]",
    """
    COMMENT ON COLUMN decision.fallen IS
        'The surveys that matched it and did not ask, each as id/rule; NULL: none, or not kept.'
    """,
    "ALTER TABLE survey_words ADD COLUMN drafts bytea",
    "COMMENT ON COLUMN survey_words.drafts IS 'The rules that the survey had with these words, oldest first.'",
    "CREATE INDEX ix_decision_fallen ON decision USING gin (fallen) WHERE fallen IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
