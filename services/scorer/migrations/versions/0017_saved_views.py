"""Views of pages that people have saved, and the screens that show one."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE saved_view (
        tenant text NOT NULL,
        id uuid NOT NULL,
        staff_id uuid NOT NULL,
        name text NOT NULL,
        address text NOT NULL,
        shared boolean NOT NULL,
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_saved_view PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE UNIQUE INDEX uq_saved_view_name ON saved_view (tenant, staff_id, name)",
    """
    CREATE TABLE screen (
        tenant text NOT NULL,
        id uuid NOT NULL,
        view_id uuid NOT NULL,
        staff_id uuid NOT NULL,
        name text NOT NULL,
        digest text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        CONSTRAINT pk_screen PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE UNIQUE INDEX uq_screen_digest ON screen (tenant, digest)",
    "CREATE INDEX ix_screen_view ON screen (tenant, view_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
