"""Anonymous answers, which wait until there are enough of them, and the invitations of their surveys."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE invitation ADD COLUMN anonymous boolean NOT NULL DEFAULT false",
    """
    CREATE TABLE waiting_answer (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        measurement text NOT NULL,
        day date NOT NULL,
        segments text[] NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_waiting_answer PRIMARY KEY (tenant, id)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
