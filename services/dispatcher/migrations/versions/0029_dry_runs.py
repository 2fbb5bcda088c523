"""Results of dry runs, kept for a few days."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE dry_run (
            tenant text NOT NULL,
            id uuid NOT NULL,
            made_at timestamptz NOT NULL,
            result bytea NOT NULL,
            CONSTRAINT pk_dry_run PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute("CREATE INDEX ix_dry_run_tenant_made_at ON dry_run (tenant, made_at)")
