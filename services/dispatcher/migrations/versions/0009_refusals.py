"""How often a mail was refused without a word about its mailbox, apart from its other tries."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE invitation ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0")
