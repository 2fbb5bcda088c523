"""Replies to the further questions of surveys, in answers and in their history."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN replies jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE answer_history ADD COLUMN replies jsonb NOT NULL DEFAULT '[]'")
