"""Links to exports of companies that can be withdrawn, and one download of each at a time."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE company_export (
            tenant text NOT NULL,
            series uuid NOT NULL,
            held_by uuid,
            held_until timestamptz,
            CONSTRAINT pk_company_export PRIMARY KEY (tenant)
        )
    """)
