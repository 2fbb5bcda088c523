"""Text blocks, names and units of attributes, and links into the systems of companies."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

COMMENT = "Text blocks, names and units of attributes, and links into the systems of companies."


def upgrade() -> None:
    op.execute("""
        CREATE TABLE case_tool (
            tenant text NOT NULL,
            kind text NOT NULL,
            id uuid NOT NULL,
            body jsonb NOT NULL,
            CONSTRAINT pk_case_tool PRIMARY KEY (tenant, kind, id)
        )
    """)
    op.execute(f"COMMENT ON TABLE case_tool IS '{COMMENT}'")
