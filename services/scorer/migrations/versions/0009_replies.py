"""What was replied to the follow-up and the further questions, for the lists of answers."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN replies jsonb")
    # By it the words that are too old are found.
    op.execute("CREATE INDEX ix_answer_replies ON answer (tenant, answered_at) WHERE replies IS NOT NULL")
