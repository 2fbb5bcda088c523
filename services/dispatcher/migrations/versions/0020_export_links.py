"""The links to what is kept of a customer can be listed and withdrawn; whose an event is that came again."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE export_link (
        tenant text NOT NULL,
        id uuid NOT NULL,
        person text NOT NULL,
        contact text,
        contacts text[] NOT NULL,
        who text NOT NULL,
        made_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        withdrawn_at timestamptz,
        CONSTRAINT pk_export_link PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_export_link_tenant_person ON export_link (tenant, person)",
    "COMMENT ON COLUMN export_link.contact IS 'The one address that it shows; NULL: all of them.'",
    "COMMENT ON COLUMN export_link.contacts IS 'The addresses that were known when it was made.'",
    "ALTER TABLE decision ADD COLUMN difference_contact text",
    """
    COMMENT ON COLUMN decision.difference_contact IS
        'The keyed hash of its address; empty: came without; NULL: not known.'
    """,
    "CREATE INDEX ix_audit_line_tenant_about ON audit_line (tenant, about) WHERE about IS NOT NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
