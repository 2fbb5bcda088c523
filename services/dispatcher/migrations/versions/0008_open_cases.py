"""The open cases of a company, counted in the frame of every page."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_case_heard_open ON case_heard (tenant) WHERE state <> 'closed'")
