"""The search in decisions: an index for each filter, in the order in which the pages list them.

An invitation keeps when it was decided, so that the mails of one state are found in that order; the worker
fills it in for those that earlier versions stored.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE invitation ADD COLUMN decided_at timestamptz",
    "CREATE INDEX ix_invitation_tenant_state_decided_at ON invitation (tenant, state, decided_at)",
    "CREATE INDEX ix_invitation_not_placed ON invitation (tenant) WHERE decided_at IS NULL",
    "CREATE INDEX ix_decision_reason ON decision (tenant, reason, decided_at, event_id)",
    """
    CREATE INDEX ix_decision_survey ON decision (tenant, survey_id, decided_at, event_id)
    WHERE survey_id IS NOT NULL
    """,
    "CREATE INDEX ix_decision_invitation ON decision (tenant, invitation_id) WHERE invitation_id IS NOT NULL",
    "CREATE INDEX ix_decision_segments ON decision USING gin (segments)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
