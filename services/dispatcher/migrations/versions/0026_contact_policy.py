"""When and how often each company may write to its customers; and which mail to a contact left last.

A company without a row has the defaults.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE contact_policy (
        tenant text NOT NULL,
        version bigint NOT NULL,
        quiet_hours jsonb NOT NULL,
        sundays boolean NOT NULL,
        holidays boolean NOT NULL,
        cap_hours integer NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_contact_policy PRIMARY KEY (tenant)
    )
    """,
    "ALTER TABLE customer ADD COLUMN last_mail_at timestamptz, ADD COLUMN last_mail text",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
