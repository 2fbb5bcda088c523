"""The scores that an answer had before, and which answers are anonymous.

Both are empty of answers that are there already: they count as never amended, and anonymous ones of them as
answered when their bundle says.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN earlier_scores smallint[]",
    "ALTER TABLE answer ADD COLUMN earlier_until timestamptz[]",
    "ALTER TABLE answer ADD COLUMN anonymous boolean NOT NULL DEFAULT false",
    "CREATE INDEX ix_answer_amended ON answer (tenant, measurement, day) WHERE earlier_scores IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
