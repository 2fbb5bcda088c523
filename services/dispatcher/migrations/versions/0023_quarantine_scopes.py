"""Quarantines with a scope: by whom and about what each contact was asked; and the touchpoint of a survey."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE survey ADD COLUMN quarantine_scope text NOT NULL DEFAULT 'any'",
    "ALTER TABLE survey ADD COLUMN touchpoint text",
    """
    CREATE TABLE asked (
        tenant text NOT NULL,
        contact text NOT NULL,
        id uuid NOT NULL,
        asked_at timestamptz NOT NULL,
        elsewhere boolean NOT NULL,
        measurement text,
        touchpoint text,
        survey_id uuid,
        CONSTRAINT pk_asked PRIMARY KEY (tenant, contact, id)
    )
    """,
    # Until a worker has gone through what is stored, all that is known of a contact counts in every scope.
    "INSERT INTO backfill (name) SELECT 'asked' WHERE EXISTS (SELECT FROM invitation)",
    """
    INSERT INTO backfill (name)
    SELECT 'asked elsewhere' WHERE EXISTS (SELECT FROM customer WHERE asked_elsewhere_at IS NOT NULL)
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
