"""Of invitations, the case whose customer they ask again."""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE invitation ADD COLUMN recovery_of uuid",
    """
    CREATE INDEX ix_invitation_recovery_of ON invitation (tenant, recovery_of)
        WHERE recovery_of IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
