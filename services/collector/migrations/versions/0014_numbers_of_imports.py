"""Of an imported answer the keyed hash of the phone number, so that texts to it wait for the quarantine.

The column is empty at first; the version before writes rows without it.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE answer ADD COLUMN number_key text")
