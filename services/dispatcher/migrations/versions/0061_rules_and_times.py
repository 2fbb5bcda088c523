"""Customers' choices beside each other; texts on Sundays; surveys that draw persons, and that stop reminding after a click.

Surveys that are there go on drawing addresses, so that nobody is drawn anew.
"""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE contact_preference DROP CONSTRAINT ck_contact_preference_one",
    """
    ALTER TABLE contact_preference ADD CONSTRAINT ck_contact_preference_any
        CHECK (num_nonnulls(paused_until, months, channel) >= 1)
    """,
    """
    ALTER TABLE contact_policy
        ADD COLUMN sms_sundays boolean NOT NULL DEFAULT false,
        ADD COLUMN sms_holidays boolean NOT NULL DEFAULT false
    """,
    """
    ALTER TABLE survey
        ADD COLUMN stop_after_click boolean NOT NULL DEFAULT false,
        ADD COLUMN draws_by text NOT NULL DEFAULT 'address',
        ADD CONSTRAINT ck_survey_draws_by CHECK (draws_by IN ('address', 'person'))
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
