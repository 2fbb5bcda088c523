"""Which replies by text were answered by one, and where mails are held since they come back by policy.

The table is new and the column may be empty, so the version before does not mind them: it answers no
reply, and holds no destination.
"""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE text_back (
            tenant text NOT NULL,
            invitation_id uuid NOT NULL,
            kind text NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_text_back PRIMARY KEY (tenant, invitation_id, kind),
            CONSTRAINT ck_text_back_kind CHECK (kind IN ('help', 'again', 'reason'))
        )
        """
    )
    op.execute("CREATE INDEX ix_text_back_at ON text_back (at)")
    op.execute("ALTER TABLE mail_destination ADD COLUMN held_until timestamptz")
