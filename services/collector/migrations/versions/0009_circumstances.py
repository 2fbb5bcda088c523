"""How an answer was given: the layout of its page, its channel, and how long it took."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN layout text")
    op.execute("ALTER TABLE answer ADD COLUMN channel text")
    op.execute("ALTER TABLE answer ADD COLUMN seconds_to_score integer")
