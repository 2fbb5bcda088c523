"""Replies to texts that are still to be answered, and when the newest of each kind was written.

The table is new, so the version before does not mind it: it does at once what a reply says.
"""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE text_reply (
            tenant text NOT NULL,
            invitation_id uuid NOT NULL,
            kind text NOT NULL,
            score integer,
            by_number boolean NOT NULL,
            said_at timestamptz NOT NULL,
            came_at timestamptz NOT NULL,
            next_at timestamptz,
            leased_until timestamptz,
            attempts integer NOT NULL,
            version integer NOT NULL,
            CONSTRAINT pk_text_reply PRIMARY KEY (tenant, invitation_id, kind),
            CONSTRAINT ck_text_reply_kind CHECK (kind IN ('help', 'unclear', 'score'))
        )
        """
    )
    op.execute("CREATE INDEX ix_text_reply_next_at ON text_reply (next_at) WHERE next_at IS NOT NULL")
    op.execute("CREATE INDEX ix_text_reply_came_at ON text_reply (came_at)")
