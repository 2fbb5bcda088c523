"""How far relational surveys keep from others, in whose place they ask, and who is asked with an open case."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE contact_policy ADD COLUMN relational_distance_days integer NOT NULL DEFAULT 14",
    "ALTER TABLE contact_policy ADD COLUMN ask_with_open_case boolean NOT NULL DEFAULT false",
    "ALTER TABLE decision ADD COLUMN relational_event_id uuid",
    """
    CREATE INDEX ix_decision_relational_event ON decision (tenant, relational_event_id)
        WHERE relational_event_id IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
