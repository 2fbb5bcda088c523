"""For how long a survey's mails wait for a more valuable event, and for which event one gave way."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE survey ADD COLUMN holding_minutes integer NOT NULL DEFAULT 0",
    "ALTER TABLE decision ADD COLUMN outranking_event_id uuid",
    """
    CREATE INDEX ix_decision_outranking_event ON decision (tenant, outranking_event_id)
        WHERE outranking_event_id IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
