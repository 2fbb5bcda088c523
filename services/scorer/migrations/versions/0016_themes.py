"""Themes of comments: those of each company, and those that each answer's comment names."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN themes text[]",
    "ALTER TABLE answer ADD COLUMN theme_version bigint NOT NULL DEFAULT 0",
    "CREATE INDEX ix_answer_theme_version ON answer (tenant, theme_version) WHERE comment IS NOT NULL",
    """
    CREATE INDEX ix_answer_unhappy_comment ON answer (tenant, measurement, day)
    WHERE score <= 6 AND comment IS NOT NULL
    """,
    """
    CREATE TABLE theme_set (
        tenant text NOT NULL,
        version bigint NOT NULL,
        body bytea NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_theme_set PRIMARY KEY (tenant)
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
