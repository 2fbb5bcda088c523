"""By which draw the customer of an answer was asked, and whether beyond it."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN drawn_percent integer")
    op.execute("ALTER TABLE answer ADD COLUMN beyond_draw boolean NOT NULL DEFAULT false")
