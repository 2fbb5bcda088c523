"""What the link's page shows of a case, and what customers say of how it ended.

The version before writes neither; of a case it kept the stage is unknown until its next event.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN objections jsonb NOT NULL DEFAULT '[]'")
    op.execute(
        """
        ALTER TABLE case_copy
            ADD COLUMN stage text,
            ADD COLUMN waits_until timestamptz,
            ADD COLUMN closed_at timestamptz,
            ADD COLUMN later_answers jsonb NOT NULL DEFAULT '[]'
        """
    )
    op.execute("CREATE INDEX ix_case_copy_later_answers ON case_copy USING gin (later_answers)")
