"""With a case whose clocks are paused the calendar by which the time that is left counted.

Nothing paused a clock before this version.
"""

from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cases ADD COLUMN waiting_calendar jsonb")
