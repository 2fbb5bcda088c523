"""The further questions of each version of a survey's words."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey_words ADD COLUMN questions bytea NOT NULL DEFAULT '[]'")
