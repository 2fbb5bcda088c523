"""The pseudonym of each customer, and who was erased. Rows get their pseudonym from the version that writes them, or later from a loop."""

from alembic import op

from shared.privacy.backfill import person_ddl
from shared.privacy.erased import ERASED_DDL

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


MORE = ("ALTER TABLE answer ADD COLUMN contact_key text",)


def upgrade() -> None:
    for statement in (*ERASED_DDL, *MORE, *person_ddl("answer")):
        op.execute(statement)
