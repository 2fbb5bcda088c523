"""Cases that wait until a time, are opened again or merged; and when somebody last worked on them."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE cases
            ADD COLUMN wake_at timestamptz,
            ADD COLUMN last_worked_at timestamptz,
            ADD COLUMN reopened_at timestamptz,
            ADD COLUMN merged_into uuid
        """
    )
