"""Whose a case is: a customer stays known here for as long as alerts keeps them for a case."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE case_heard ADD COLUMN person text",
    "CREATE INDEX ix_case_heard_tenant_person ON case_heard (tenant, person)",
    """
    UPDATE case_heard h SET person = d.person
    FROM decision d
    WHERE d.tenant = h.tenant AND d.event_id = h.event_id
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
