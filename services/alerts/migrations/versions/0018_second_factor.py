"""The second factor of people, its recovery codes, and whether a company asks for one."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE second_factor (
            tenant text,
            staff_id uuid,
            sealed bytea NOT NULL,
            begun_at timestamptz NOT NULL,
            confirmed_at timestamptz,
            last_step bigint NOT NULL DEFAULT 0,
            CONSTRAINT pk_second_factor PRIMARY KEY (tenant, staff_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE recovery_code (
            tenant text,
            staff_id uuid,
            digest text,
            used_at timestamptz,
            CONSTRAINT pk_recovery_code PRIMARY KEY (tenant, staff_id, digest)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE sign_in_rule (
            tenant text,
            second_factor_required boolean NOT NULL DEFAULT false,
            CONSTRAINT pk_sign_in_rule PRIMARY KEY (tenant)
        )
        """
    )
