"""Who was taken from the suppression list is found by its entry: an erasure of many customers asks for each."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_suppression_lift_tenant_key ON suppression_lift (tenant, key)")
