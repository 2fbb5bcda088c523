"""The scores that an answer had before. Answers that are there already count as never amended."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN earlier_scores smallint[]",
    "ALTER TABLE answer ADD COLUMN earlier_until timestamptz[]",
    "CREATE INDEX ix_answer_amended ON answer (tenant, measurement, day) WHERE earlier_scores IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
