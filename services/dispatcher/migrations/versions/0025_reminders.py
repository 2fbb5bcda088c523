"""Surveys that remind who has not answered; when each mail left or ended; open cases by address."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN reminders bytea NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE delivery ADD COLUMN settled_at timestamptz")
    op.execute(
        "CREATE INDEX ix_case_heard_open_contact ON case_heard (tenant, contact_key) WHERE state <> 'closed'"
    )
