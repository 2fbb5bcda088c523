"""Sign-in through a company's identity provider: its settings, whom it knows, and which sessions it opened."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE identity_provider (
            tenant text,
            name text NOT NULL,
            issuer text NOT NULL,
            client_id text NOT NULL,
            sealed bytea,
            claims jsonb NOT NULL,
            provisions boolean NOT NULL,
            trusts_addresses boolean NOT NULL,
            only_way boolean NOT NULL DEFAULT false,
            changed_at timestamptz NOT NULL,
            CONSTRAINT pk_identity_provider PRIMARY KEY (tenant)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE provider_subject (
            tenant text,
            issuer text,
            subject text,
            staff_id uuid NOT NULL,
            linked_at timestamptz NOT NULL,
            CONSTRAINT pk_provider_subject PRIMARY KEY (tenant, issuer, subject)
        )
        """
    )
    op.execute("CREATE INDEX ix_provider_subject_tenant_staff_id ON provider_subject (tenant, staff_id)")
    op.execute("ALTER TABLE session ADD COLUMN by_provider boolean NOT NULL DEFAULT false")
