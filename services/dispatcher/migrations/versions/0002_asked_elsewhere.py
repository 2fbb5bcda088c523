"""When another system last asked a customer: judged again when a mail leaves, apart from our own asking."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN asked_elsewhere_at timestamptz")
