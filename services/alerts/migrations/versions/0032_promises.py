"""What teams promise in their weekly huddles."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE promise (
            tenant text NOT NULL,
            id uuid NOT NULL,
            team_id uuid NOT NULL,
            week date NOT NULL,
            text text NOT NULL,
            person_id uuid NOT NULL,
            due date NOT NULL,
            made_at timestamptz NOT NULL,
            done_at timestamptz,
            CONSTRAINT pk_promise PRIMARY KEY (tenant, id)
        )
        """
    )
    op.execute("CREATE INDEX ix_promise_tenant_team_id_week ON promise (tenant, team_id, week)")
    op.execute(
        "COMMENT ON TABLE promise IS"
        " 'What teams have promised in their weekly huddles, and whether it was kept.'"
    )
