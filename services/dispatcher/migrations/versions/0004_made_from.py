"""What a survey was first made from, so that its idempotency key is not taken for another request."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN made_from text")
