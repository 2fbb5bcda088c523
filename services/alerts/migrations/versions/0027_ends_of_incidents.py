"""Until when incidents go on, which comments a letter may quote, and an index by which old scores are found.

Comments of before are in no letter: an update of all answers would hold them for too long.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE incident ADD COLUMN runs_until timestamptz")
    op.execute("ALTER TABLE answer ADD COLUMN comment_belongs text[]")
    op.execute(
        "CREATE INDEX ix_answer_with_comment ON answer (tenant, answered_at) WHERE comment_belongs IS NOT NULL"
    )
    op.execute("CREATE INDEX ix_segment_score_until ON segment_score (until)")
