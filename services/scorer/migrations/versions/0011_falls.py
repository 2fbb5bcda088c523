"""Falls of segments' scores, and up to which day they were looked for."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE fall (
            tenant text,
            measurement text,
            segment text COLLATE "C",
            version bigint NOT NULL,
            state text NOT NULL,
            first date NOT NULL,
            found date NOT NULL,
            until date NOT NULL,
            n_before integer NOT NULL,
            nps_before double precision NOT NULL,
            n integer NOT NULL,
            nps double precision NOT NULL,
            judged_at timestamptz NOT NULL,
            CONSTRAINT pk_fall PRIMARY KEY (tenant, measurement, segment)
        )
        """
    )
    op.execute("CREATE INDEX ix_fall_fallen ON fall (tenant) WHERE state = 'fallen'")
    op.execute(
        """
        CREATE TABLE fall_look (
            tenant text,
            day date NOT NULL,
            CONSTRAINT pk_fall_look PRIMARY KEY (tenant)
        )
        """
    )
