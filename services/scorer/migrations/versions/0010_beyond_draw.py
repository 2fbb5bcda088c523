"""Which customers were asked beyond the draw of their survey: their answers count in no score."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE invitation ADD COLUMN beyond_draw boolean NOT NULL DEFAULT false")
