"""How the numbers stand in each version of a survey's words."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey_words ADD COLUMN layout text NOT NULL DEFAULT 'horizontal'")
