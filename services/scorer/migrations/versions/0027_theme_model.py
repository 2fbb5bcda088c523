"""A model that labels comments beside the words: who has it on, and what it found.

The index has the comments that wait for it: those of companies that have it on, so it is empty for all others.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE theme_model (
            tenant text NOT NULL,
            origin text NOT NULL,
            switched_at timestamptz NOT NULL,
            turn_at timestamptz NOT NULL,
            CONSTRAINT pk_theme_model PRIMARY KEY (tenant)
        )
    """)
    op.execute(
        "ALTER TABLE answer ADD COLUMN model_themes text[], ADD COLUMN model_waits boolean NOT NULL DEFAULT false"
    )
    op.execute("CREATE INDEX ix_answer_model_waits ON answer (tenant, answered_at) WHERE model_waits")
