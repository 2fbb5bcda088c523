"""Each browser that takes push messages is a lane: who serves it, and how long it rests when it fails."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE push_subscription
            ADD COLUMN lease_id uuid,
            ADD COLUMN lease_until timestamptz,
            ADD COLUMN failures integer NOT NULL DEFAULT 0,
            ADD COLUMN failing_since timestamptz,
            ADD COLUMN rests_until timestamptz
        """
    )
