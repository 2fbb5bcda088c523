"""How long each company keeps its data, and what is removed of invitations that are too old."""

from alembic import op

from shared.tenancy.retention import RETENTION_DDL

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in RETENTION_DDL:
        op.execute(statement)
    op.execute(
        "ALTER TABLE invitation ADD COLUMN expires_at timestamptz, "
        "ADD COLUMN customer_removed boolean NOT NULL DEFAULT false"
    )
    op.execute("CREATE INDEX ix_invitation_personal ON invitation (tenant, id) WHERE NOT customer_removed")
