"""Where and when people were last here, and who invited whom."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE session ADD COLUMN device TEXT")
    op.execute("ALTER TABLE session ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE staff ADD COLUMN seen_at TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE notification ADD COLUMN by_id UUID")
