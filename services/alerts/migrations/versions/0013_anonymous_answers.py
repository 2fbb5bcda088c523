"""Cases of answers that are kept without a person."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cases ADD COLUMN anonymous boolean NOT NULL DEFAULT false")
