"""What became of invitations, and marks on the trend."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    ALTER TABLE invitation
        ADD COLUMN state text, ADD COLUMN channel text, ADD COLUMN report text,
        ADD COLUMN expires_at timestamptz
    """,
    """
    CREATE TABLE mark (
        tenant text NOT NULL,
        id uuid NOT NULL,
        day date NOT NULL,
        text text NOT NULL,
        segment text COLLATE "C" NOT NULL,
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_mark PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_mark_day ON mark (tenant, day, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
