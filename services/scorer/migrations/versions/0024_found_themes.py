"""Themes that are opened by themselves."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE theme_finding (
            tenant text NOT NULL,
            is_on boolean NOT NULL DEFAULT true,
            looked_at timestamptz,
            CONSTRAINT pk_theme_finding PRIMARY KEY (tenant)
        )
    """)
    op.execute("""
        CREATE TABLE found_theme (
            tenant text NOT NULL,
            language text NOT NULL,
            stem text NOT NULL,
            theme text NOT NULL,
            state text NOT NULL,
            customers integer NOT NULL,
            found_at timestamptz NOT NULL,
            decided_at timestamptz,
            CONSTRAINT pk_found_theme PRIMARY KEY (tenant, language, stem)
        )
    """)
