"""Deliveries of companies that may send nothing are set aside, so that claims do not read past them."""

from alembic import op

from shared.outbound.deliveries import SET_ASIDE_DDL

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in SET_ASIDE_DDL:
        op.execute(statement)
