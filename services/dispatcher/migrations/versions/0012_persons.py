"""The pseudonym of each customer, and who was erased. Rows get their pseudonym from the version that writes them, or later from a loop."""

from alembic import op

from shared.privacy.backfill import person_ddl
from shared.privacy.erased import ERASED_DDL

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


MORE = ("ALTER TABLE decision ADD COLUMN contact_key text",)


def upgrade() -> None:
    for statement in (
        *ERASED_DDL,
        *MORE,
        *person_ddl("decision", "invitation", "customer", "suppression", "suppression_lift"),
    ):
        op.execute(statement)
