"""Which page wrote an answer last, so that its own earlier words are no conflict; until when a case is due."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE answer ADD COLUMN page text, ADD COLUMN page_seq integer",
    """
    CREATE TABLE case_copy (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        answer_id uuid NOT NULL,
        state text NOT NULL,
        due_at timestamptz NOT NULL,
        first_contact_at timestamptz,
        CONSTRAINT pk_case_copy PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_case_copy_tenant_answer_id ON case_copy (tenant, answer_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
