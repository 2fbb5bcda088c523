"""Actions of improvement, and the causes with which cases were closed."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE case_copy ADD COLUMN cause text",
    "ALTER TABLE case_copy ADD COLUMN anonymous boolean NOT NULL DEFAULT false",
    "CREATE INDEX ix_case_copy_cause ON case_copy (tenant, closed_at) WHERE cause IS NOT NULL",
    """
    CREATE TABLE improvement (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        status text NOT NULL,
        due date NOT NULL,
        segment text COLLATE "C" NOT NULL,
        cause text,
        theme text,
        opened_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        owner text,
        step_names text[] NOT NULL DEFAULT '{}',
        body bytea NOT NULL,
        CONSTRAINT pk_improvement PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_improvement_due ON improvement (tenant, due, id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
