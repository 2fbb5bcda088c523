"""Standing programmes: a relational survey asks each known customer once in each period."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN programme bytea")
    op.execute("ALTER TABLE survey ADD COLUMN programme_since timestamptz")
    op.execute("CREATE INDEX ix_survey_programme ON survey (tenant, id) WHERE programme IS NOT NULL")
    op.execute(
        """
        CREATE TABLE programme (
            tenant text NOT NULL,
            survey_id uuid NOT NULL,
            every_days integer NOT NULL,
            period text NOT NULL,
            began_at timestamptz NOT NULL,
            position text NOT NULL,
            published integer NOT NULL DEFAULT 0,
            CONSTRAINT pk_programme PRIMARY KEY (tenant, survey_id)
        )
        """
    )
    op.execute("COMMENT ON COLUMN programme.period IS 'Its name, by which its events are known.'")
