"""Surveys whose answers are kept without a person, and the invitations that promise it."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN anonymous boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE invitation ADD COLUMN anonymous boolean NOT NULL DEFAULT false")
