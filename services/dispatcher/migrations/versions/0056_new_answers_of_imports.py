"""How many answers of an import were not known before: who moves in waits until these are counted."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE import_job ADD COLUMN added integer NOT NULL DEFAULT 0",
    # A reply of START had left the customer's name on what the company had listed.
    """
    UPDATE suppression SET who = 'the company'
    WHERE reason = 'listed' AND who = 'the customer, by text'
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
