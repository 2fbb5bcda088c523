"""A day begins in portions: which day's segments are being marked, and the last one that is."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('ALTER TABLE published_day ADD COLUMN marking date, ADD COLUMN marked text COLLATE "C"')
