"""The kernel's tables and the tenants."""

from alembic import op

from shared.db.tables import KERNEL_DDL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in KERNEL_DDL:
        op.execute(statement)
