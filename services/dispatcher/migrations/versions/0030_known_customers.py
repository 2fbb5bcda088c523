"""What is known of customers who may be asked outside of an event."""

from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE customer_profile (
            tenant text NOT NULL,
            person text NOT NULL,
            customer_id text NOT NULL,
            contact text NOT NULL,
            email text NOT NULL,
            locale text,
            country text,
            time_zone text,
            segments jsonb NOT NULL,
            joined_at timestamptz NOT NULL,
            known_at timestamptz NOT NULL,
            CONSTRAINT pk_customer_profile PRIMARY KEY (tenant, person)
        )
        """
    )
    op.execute("COMMENT ON COLUMN customer_profile.contact IS 'The keyed hash of the address.'")
