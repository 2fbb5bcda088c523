"""Contacts by their address, ids that stand for nobody, and a no that is not taken back in silence."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATEMENTS = (
    # Hashes that earlier versions store are of another form, and cannot be made anew without the address.
    "ALTER TABLE suppression ADD COLUMN canonical boolean NOT NULL DEFAULT false",
    "ALTER TABLE suppression ADD COLUMN listed boolean NOT NULL DEFAULT false",
    "ALTER TABLE customer ADD COLUMN address text",
    "ALTER TABLE customer ADD COLUMN several boolean NOT NULL DEFAULT false",
    "ALTER TABLE sending ADD COLUMN placeholder_ids text[] NOT NULL DEFAULT '{}'",
    """
    CREATE TABLE suppression_lift (
        tenant text NOT NULL,
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        key text NOT NULL,
        was text NOT NULL,
        who text NOT NULL,
        reason text,
        CONSTRAINT pk_suppression_lift PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE backfill (
        name text NOT NULL,
        tenant text,
        id uuid,
        CONSTRAINT pk_backfill PRIMARY KEY (name)
    )
    """,
    # Whom earlier versions invited is known by id alone, until a worker has gone through the invitations.
    "INSERT INTO backfill (name) SELECT 'contacts' WHERE EXISTS (SELECT FROM invitation)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
