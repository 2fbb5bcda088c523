"""Whose a case is: a customer stays known here for as long as alerts keeps them for a case."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE case_heard ADD COLUMN person text",
    "ALTER TABLE case_heard ADD COLUMN contact_key text",
    """
    UPDATE case_heard h SET person = d.person, contact_key = d.contact_key
    FROM decision d
    WHERE d.tenant = h.tenant AND d.event_id = h.event_id
    """,
    "CREATE INDEX ix_case_heard_tenant_person ON case_heard (tenant, person)",
    "CREATE INDEX ix_case_heard_no_person ON case_heard (tenant) WHERE person IS NULL",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
