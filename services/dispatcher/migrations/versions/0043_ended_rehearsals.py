"""When a rehearsal ended, by which the days are counted in which its events came."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE rehearsal ADD COLUMN ended_at timestamptz")
