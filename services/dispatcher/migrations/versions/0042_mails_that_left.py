"""Mails of a survey by when they left, and when its first day began.

It begins with the first mail now, no longer when the survey could first ask customers. The day of a survey
that has sent mails began when it could: it is mostly over, and does not begin anew.
"""

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX ix_invitation_sent ON invitation (tenant, survey_id, sent_at)
        WHERE sent_at IS NOT NULL AND NOT test
        """
    )
    op.execute("ALTER TABLE first_day ADD COLUMN began_at timestamptz")
    op.execute(
        """
        INSERT INTO first_day (tenant, survey_id, counts, began_at)
        SELECT s.tenant, s.id, '{}', s.first_live_at FROM survey s
        WHERE s.first_live_at IS NOT NULL AND EXISTS (
            SELECT FROM invitation i
            WHERE i.tenant = s.tenant AND i.survey_id = s.id AND i.sent_at IS NOT NULL AND NOT i.test
        )
        ON CONFLICT (tenant, survey_id) DO UPDATE SET began_at = excluded.began_at
        """
    )
