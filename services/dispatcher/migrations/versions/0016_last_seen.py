"""When each customer last came: what is older than the company keeps it is removed."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A version that does not know the column writes when a customer first came.
    op.execute("ALTER TABLE known_customer ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now()")
