"""What customers have chosen about further questions: a pause, a longer distance, no mail; and what is offered."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE contact_preference (
        tenant text NOT NULL,
        kind text NOT NULL,
        key text NOT NULL,
        paused_until timestamptz,
        months smallint,
        channel text,
        changed_at timestamptz NOT NULL,
        person text NOT NULL,
        CONSTRAINT pk_contact_preference PRIMARY KEY (tenant, kind, key),
        CONSTRAINT ck_contact_preference_kind CHECK (kind IN ('address', 'customer')),
        CONSTRAINT ck_contact_preference_one CHECK (num_nonnulls(paused_until, months, channel) = 1)
    )
    """,
    "CREATE INDEX ix_contact_preference_tenant_person ON contact_preference (tenant, person)",
    "ALTER TABLE contact_policy ADD COLUMN fewer_months smallint NOT NULL DEFAULT 6",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
