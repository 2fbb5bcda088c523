"""When a customer was invited before the last time: what counts when that mail certainly did not arrive."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer ADD COLUMN invited_before timestamptz")
