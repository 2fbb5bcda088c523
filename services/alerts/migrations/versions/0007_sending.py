"""How each tenant sends is an event of its own; until it comes, it is as the surveys said."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE sending_copy (
            tenant text NOT NULL,
            version bigint NOT NULL,
            mode text NOT NULL,
            stopped boolean NOT NULL,
            CONSTRAINT pk_sending_copy PRIMARY KEY (tenant)
        )
    """)
    op.execute("""
        INSERT INTO sending_copy (tenant, version, mode, stopped)
        SELECT DISTINCT ON (tenant) tenant, 0, CASE WHEN test THEN 'test' ELSE 'live' END, stopped
        FROM survey ORDER BY tenant, changed_at DESC
    """)
