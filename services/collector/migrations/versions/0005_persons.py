"""The pseudonym of each customer, and who was erased. Rows get their pseudonym from the version that writes them, or later from a loop."""

from alembic import op

from shared.privacy.backfill import person_ddl
from shared.privacy.erased import ERASED_DDL

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


MORE = ("ALTER TABLE answer ADD COLUMN erased boolean NOT NULL DEFAULT false",)


def upgrade() -> None:
    for statement in (*ERASED_DDL, *MORE, *person_ddl("answer", "invitation")):
        op.execute(statement)
