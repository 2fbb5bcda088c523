"""Adaptive sampling: the field of surveys, the shares of segments, and by which draw somebody was asked."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE survey ADD COLUMN adaptive_sampling bytea")
    op.execute("CREATE INDEX ix_survey_adaptive ON survey (tenant, id) WHERE adaptive_sampling IS NOT NULL")
    op.execute("ALTER TABLE invitation ADD COLUMN drawn_percent integer")
    op.execute("ALTER TABLE invitation ADD COLUMN beyond_draw boolean NOT NULL DEFAULT false")
    op.execute(
        """
        CREATE TABLE adaptive_share (
            tenant text NOT NULL,
            survey_id uuid NOT NULL,
            segment text NOT NULL,
            dimension text NOT NULL,
            margin integer NOT NULL,
            window_days integer NOT NULL,
            percent integer NOT NULL,
            asked integer NOT NULL,
            eligible integer NOT NULL,
            answers integer NOT NULL,
            variance double precision NOT NULL,
            response_rate double precision NOT NULL,
            needed integer NOT NULL,
            computed_at timestamptz NOT NULL,
            CONSTRAINT pk_adaptive_share PRIMARY KEY (tenant, survey_id, segment)
        )
        """
    )
