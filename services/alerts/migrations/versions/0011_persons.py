"""The pseudonym of each customer, and who was erased. Rows get their pseudonym from the version that writes them, or later from a loop."""

from alembic import op

from shared.privacy.backfill import person_ddl
from shared.privacy.erased import ERASED_DDL

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


MORE = ("ALTER TABLE cases ADD COLUMN erased boolean NOT NULL DEFAULT false",)


def upgrade() -> None:
    for statement in (*ERASED_DDL, *MORE, *person_ddl("answer", "invitation", "cases")):
        op.execute(statement)
