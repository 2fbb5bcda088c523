"""Drafts and rehearsals of surveys, and with which words a survey last asked."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN stage text")
    op.execute("ALTER TABLE survey ADD CONSTRAINT ck_survey_stage CHECK (stage IN ('draft', 'rehearsal'))")
    op.execute("ALTER TABLE survey ADD COLUMN live_version integer")
    op.execute("UPDATE survey SET live_version = survey_version WHERE state = 'live'")
    op.execute(
        """
        CREATE TABLE rehearsal (
            tenant text NOT NULL,
            survey_id uuid NOT NULL,
            since timestamptz NOT NULL,
            result bytea NOT NULL,
            CONSTRAINT pk_rehearsal PRIMARY KEY (tenant, survey_id)
        )
        """
    )
