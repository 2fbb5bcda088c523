"""How fast mails go to each domain, and whether it refuses them for now.

The table is new, so the version before does not mind it: its senders keep no pace.
"""

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE mail_destination (
            destination bytea NOT NULL,
            next_at timestamptz NOT NULL,
            line_until timestamptz NOT NULL,
            refused integer NOT NULL DEFAULT 0,
            CONSTRAINT pk_mail_destination PRIMARY KEY (destination)
        )
        """
    )
