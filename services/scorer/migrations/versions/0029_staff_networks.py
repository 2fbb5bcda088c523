"""Whether an answer came from one of the company's own networks, and which one it was of its device that day."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN staff_network boolean, ADD COLUMN device_ordinal smallint")
