"""The replies to further questions in what was sent of an answer before it was amended."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer_before ADD COLUMN replies jsonb NOT NULL DEFAULT '[]'")
