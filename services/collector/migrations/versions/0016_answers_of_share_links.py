"""By which share link an answer came, so that the link's page shows what was written there.

The column is empty at first, and of answers that the version before takes.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN share_link_id uuid")
    op.execute(
        "CREATE INDEX ix_answer_share_link ON answer (tenant, share_link_id, answered_at, id) "
        "WHERE share_link_id IS NOT NULL"
    )
