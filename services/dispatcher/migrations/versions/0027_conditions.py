"""What an event must meet beside its type, and how many of the contacts a survey asks."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN conditions bytea")
    op.execute("ALTER TABLE survey ADD COLUMN sampling_percent integer NOT NULL DEFAULT 100")
