"""What the law of each country asks of a survey, and the evidence that a customer may be asked."""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE contact_policy ADD COLUMN countries jsonb NOT NULL DEFAULT '[]'",
    "ALTER TABLE survey ADD COLUMN neutral boolean NOT NULL DEFAULT false",
    "ALTER TABLE survey ADD COLUMN incentive boolean NOT NULL DEFAULT false",
    "ALTER TABLE customer_profile ADD COLUMN bases jsonb NOT NULL DEFAULT '{}'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
