"""Why an answer may be a machine's, and whose a person says that it is."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN signs jsonb NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE answer ADD COLUMN judgement text")
    op.execute("CREATE INDEX ix_answer_suspect ON answer (tenant, answered_at, id) WHERE signs <> '[]'")
