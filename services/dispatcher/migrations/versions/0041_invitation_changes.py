"""What changed a mail after its decision, drops found by their reason, and how neutral each version's words are.

Of mails that were postponed or dropped before this, only the last state is known.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE invitation_change (
            tenant text NOT NULL,
            invitation_id uuid NOT NULL,
            n integer NOT NULL,
            at timestamptz NOT NULL,
            what text NOT NULL,
            reason text NOT NULL,
            until timestamptz,
            grounds bytea NOT NULL,
            CONSTRAINT pk_invitation_change PRIMARY KEY (tenant, invitation_id, n, at),
            CONSTRAINT ck_invitation_change_what CHECK (what IN ('postponed', 'dropped', 'withheld'))
        )
        """
    )
    op.execute(
        """
        CREATE INDEX ix_invitation_dropped ON invitation (tenant, reason, decided_at)
        WHERE state = 'dropped'
        """
    )
    op.execute("ALTER TABLE survey_words ADD COLUMN neutral boolean")
    op.execute("ALTER TABLE survey_words ADD COLUMN incentive boolean")
