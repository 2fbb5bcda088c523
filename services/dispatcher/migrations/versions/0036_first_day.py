"""The pace of a survey's first day, its channels, its sender, and for how long its answers may be changed.

The first day of a survey that asks customers already is over.
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN first_day_per_hour integer NOT NULL DEFAULT 50")
    op.execute("ALTER TABLE survey ADD COLUMN first_live_at timestamptz")
    op.execute("ALTER TABLE survey ADD COLUMN channels text[] NOT NULL DEFAULT '{mail}'")
    op.execute("ALTER TABLE survey ADD COLUMN sender_name text")
    op.execute("ALTER TABLE survey ADD COLUMN reply_to text")
    op.execute("ALTER TABLE survey_words ADD COLUMN edit_hours integer NOT NULL DEFAULT 48")
    op.execute(
        """
        UPDATE survey SET first_live_at = created_at - interval '1 day'
        FROM sending g
        WHERE g.tenant = survey.tenant AND g.mode = 'live' AND survey.state = 'live'
        """
    )
    op.execute(
        """
        CREATE TABLE first_day (
            tenant text NOT NULL,
            survey_id uuid NOT NULL,
            counts integer[] NOT NULL,
            CONSTRAINT pk_first_day PRIMARY KEY (tenant, survey_id)
        )
        """
    )
