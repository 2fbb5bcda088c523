"""What is known of customers who may be asked outside of an event, and the waves that ask them."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE customer_profile (
            tenant text NOT NULL,
            person text NOT NULL,
            customer_id text NOT NULL,
            contact text NOT NULL,
            email text NOT NULL,
            locale text,
            country text,
            time_zone text,
            segments jsonb NOT NULL,
            joined_at timestamptz NOT NULL,
            known_at timestamptz NOT NULL,
            CONSTRAINT pk_customer_profile PRIMARY KEY (tenant, person)
        )
        """
    )
    op.execute("COMMENT ON COLUMN customer_profile.contact IS 'The keyed hash of the address.'")
    op.execute(
        """
        CREATE TABLE wave (
            tenant text NOT NULL,
            id uuid NOT NULL,
            survey_id uuid NOT NULL,
            state text NOT NULL,
            size integer NOT NULL,
            margin integer,
            segments jsonb NOT NULL,
            start_at timestamptz NOT NULL,
            spread_hours integer NOT NULL,
            created_at timestamptz NOT NULL,
            who text NOT NULL,
            made_from text NOT NULL,
            chosen integer,
            place_limit text,
            started_at timestamptz,
            position text NOT NULL DEFAULT '',
            published integer NOT NULL DEFAULT 0,
            ended_at timestamptz,
            CONSTRAINT pk_wave PRIMARY KEY (tenant, id),
            CONSTRAINT ck_wave_state CHECK (state IN ('waiting', 'publishing', 'done', 'stopped'))
        )
        """
    )
    op.execute(
        "COMMENT ON COLUMN wave.place_limit IS "
        "'The highest place of those who are chosen, in hexadecimal digits.'"
    )
    op.execute("CREATE INDEX ix_wave_under_way ON wave (tenant, id) WHERE state IN ('waiting', 'publishing')")
    op.execute(
        "CREATE INDEX ix_decision_wave ON decision (tenant, source, reason) "
        "WHERE source LIKE 'afterword/wave/%'"
    )
