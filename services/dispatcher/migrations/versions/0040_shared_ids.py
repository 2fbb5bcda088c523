"""Whether a company's customer ids are shared by several people; and what persons were asked, under their ids."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE contact_policy ADD COLUMN ids_are_shared boolean NOT NULL DEFAULT false",
    # A worker goes through the invitations once more: versions before this one kept a question under the address
    # alone.
    """
    INSERT INTO backfill (name) SELECT 'contacts' WHERE EXISTS (SELECT FROM invitation)
    ON CONFLICT (name) DO UPDATE SET tenant = NULL, id = NULL, customer = NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
