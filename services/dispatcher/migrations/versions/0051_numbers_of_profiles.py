"""Phone numbers of customers who may be asked outside of an event.

The version before writes neither column, and mails to whoever has an address: one with a number alone has an
empty address there, as ``email`` cannot be NULL, and is asked by nobody.
"""

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE customer_profile ADD COLUMN phone text, ADD COLUMN number text")
