"""Answers as counted, counts per segment and day, and copies of what the pages show beside them."""

from alembic import op

from shared.db.tables import KERNEL_DDL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DDL = (
    """
    CREATE TABLE answer (
        tenant text NOT NULL, id uuid NOT NULL, version bigint NOT NULL,
        score smallint, was smallint, measurement text NOT NULL, day date, segments text[] NOT NULL,
        touchpoint text, customer_id text, comment text, language text, origin text NOT NULL,
        answered_at timestamptz, changed_at timestamptz NOT NULL, heard_at timestamptz NOT NULL,
        CONSTRAINT pk_answer PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_answer_heard_at ON answer (heard_at)",
    "CREATE INDEX ix_answer_tenant_answered_at_id ON answer (tenant, answered_at, id)",
    "CREATE INDEX ix_answer_tenant_measurement_day ON answer (tenant, measurement, day)",
    """
    CREATE TABLE day_count (
        tenant text NOT NULL, measurement text NOT NULL, segment text COLLATE "C" NOT NULL, day date NOT NULL,
        c0 bigint NOT NULL, c1 bigint NOT NULL, c2 bigint NOT NULL, c3 bigint NOT NULL, c4 bigint NOT NULL,
        c5 bigint NOT NULL, c6 bigint NOT NULL, c7 bigint NOT NULL, c8 bigint NOT NULL, c9 bigint NOT NULL,
        c10 bigint NOT NULL,
        CONSTRAINT pk_day_count PRIMARY KEY (tenant, measurement, segment, day)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE segment (
        tenant text NOT NULL, segment text COLLATE "C" NOT NULL, dimension text COLLATE "C" NOT NULL,
        CONSTRAINT pk_segment PRIMARY KEY (tenant, segment)
    )
    """,
    """
    CREATE TABLE dimension (
        tenant text NOT NULL, dimension text COLLATE "C" NOT NULL, size bigint NOT NULL,
        left_out bigint NOT NULL DEFAULT 0, left_out_at timestamptz,
        CONSTRAINT pk_dimension PRIMARY KEY (tenant, dimension)
    )
    """,
    """
    CREATE TABLE changed (
        tenant text NOT NULL, measurement text NOT NULL, segment text COLLATE "C" NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_changed PRIMARY KEY (tenant, measurement, segment)
    ) WITH (fillfactor = 50)
    """,
    """
    CREATE TABLE published_day (
        tenant text NOT NULL, day date NOT NULL,
        CONSTRAINT pk_published_day PRIMARY KEY (tenant)
    )
    """,
    """
    CREATE TABLE pace (
        name text NOT NULL, at timestamptz NOT NULL,
        CONSTRAINT pk_pace PRIMARY KEY (name)
    )
    """,
    """
    CREATE TABLE invitation (
        tenant text NOT NULL, id uuid NOT NULL, version bigint NOT NULL, measurement text NOT NULL,
        test boolean NOT NULL, segments text[] NOT NULL, sent_at timestamptz,
        CONSTRAINT pk_invitation PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_invitation_tenant_measurement_sent_at ON invitation (tenant, measurement, sent_at)",
    """
    CREATE TABLE survey (
        tenant text NOT NULL, id uuid NOT NULL, survey_version bigint NOT NULL, version bigint NOT NULL,
        name text NOT NULL, trigger text NOT NULL, state text NOT NULL, test boolean NOT NULL, stopped boolean NOT NULL,
        CONSTRAINT pk_survey PRIMARY KEY (tenant, id, survey_version)
    )
    """,
    """
    CREATE TABLE case_copy (
        tenant text NOT NULL, id uuid NOT NULL, version bigint NOT NULL, number bigint NOT NULL,
        state text NOT NULL, answer_id uuid NOT NULL, score smallint NOT NULL, touchpoint text,
        segments text[] NOT NULL, owner text, opened_at timestamptz NOT NULL, due_at timestamptz NOT NULL,
        closed_at timestamptz, heard_at timestamptz NOT NULL,
        CONSTRAINT pk_case_copy PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_case_copy_tenant_answer_id ON case_copy (tenant, answer_id)",
    "CREATE INDEX ix_case_copy_heard_at ON case_copy (heard_at)",
    "CREATE INDEX ix_case_copy_tenant_due_at ON case_copy (tenant, due_at) WHERE state <> 'closed'",
)


def upgrade() -> None:
    for statement in (*KERNEL_DDL, *DDL):
        op.execute(statement)
