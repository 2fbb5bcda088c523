"""Companies that are paused, leave or have left, and when API keys were last used."""

from alembic import op

from shared.tenancy.closed import CLOSED_COMPANY_DDL
from shared.tenancy.key_uses import KEY_USE_DDL

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    CLOSED_COMPANY_DDL,
    KEY_USE_DDL,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
