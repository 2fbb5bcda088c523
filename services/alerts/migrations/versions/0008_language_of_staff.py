"""The language in which each person reads pages and mails; empty: that of their browser."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE staff ADD COLUMN language text NOT NULL DEFAULT ''")
