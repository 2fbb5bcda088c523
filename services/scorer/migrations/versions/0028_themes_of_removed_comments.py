"""What comments named goes on counting when their words are removed, since they are old.

The themes of an answer stay without its comment; of an answer that never had one there are none. The index of
unhappy answers that wrote holds these as well.
"""

import importlib

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

WROTE = "(comment <> '' OR comment IS NULL AND themes IS NOT NULL)"
INDEX = """
    CREATE INDEX ix_answer_unhappy_comment ON answer (tenant, measurement, day)
    WHERE score <= 6 AND (comment IS NOT NULL OR themes IS NOT NULL)
"""


def upgrade() -> None:
    before = importlib.import_module("services.scorer.migrations.versions.0022_asked_and_theme_counts")
    for name, statements in (
        ("note_new_answers", before.NEW_ANSWERS),
        ("note_changed_answers", before.CHANGED_ANSWERS),
    ):
        changed = statements.replace("comment <> ''", WROTE)
        op.execute(
            (before.FUNCTION % (name, changed)).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        )
    op.execute("DROP INDEX ix_answer_unhappy_comment")
    op.execute(INDEX)
