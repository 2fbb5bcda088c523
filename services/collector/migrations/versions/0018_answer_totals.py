"""What was published of the totals of each day's answers, and when they were last counted."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE answer_total (
        tenant text NOT NULL,
        name text NOT NULL,
        version bigint NOT NULL,
        versions_hash bigint,
        body bytea NOT NULL,
        CONSTRAINT pk_answer_total PRIMARY KEY (tenant, name)
    )
    """,
    """
    CREATE TABLE pace (
        name text NOT NULL,
        round bigint NOT NULL,
        begun_at timestamptz NOT NULL,
        finished_at timestamptz,
        CONSTRAINT pk_pace PRIMARY KEY (name)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
