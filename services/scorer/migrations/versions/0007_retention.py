"""How long each company keeps its data; old answers lose their customer and their comment."""

from alembic import op

from shared.tenancy.retention import RETENTION_DDL

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in RETENTION_DDL:
        op.execute(statement)
    op.execute(
        "CREATE INDEX ix_answer_personal ON answer (tenant, answered_at) "
        "WHERE customer_id IS NOT NULL OR comment IS NOT NULL"
    )
