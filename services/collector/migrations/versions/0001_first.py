"""The kernel's tables; copies of surveys and invitations; intents, answers and what they said before."""

from alembic import op

from shared.db.tables import KERNEL_DDL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OWN_DDL = (
    """
    CREATE TABLE survey (
        tenant text NOT NULL,
        id uuid NOT NULL,
        survey_version integer NOT NULL,
        version bigint NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_survey PRIMARY KEY (tenant, id, survey_version)
    )
    """,
    """
    CREATE TABLE invitation (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        survey_id uuid NOT NULL,
        survey_version integer NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_invitation PRIMARY KEY (tenant, id)
    )
    """,
    # A link holds the invitation's id alone; the tenant is found by it.
    "CREATE INDEX ix_invitation_id ON invitation (id)",
    # One row for each invitation, however often its link is followed: nobody can fill the disk with a link.
    """
    CREATE TABLE intent (
        tenant text NOT NULL,
        invitation_id uuid NOT NULL,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        visits integer NOT NULL,
        score smallint,
        seen jsonb NOT NULL,
        flag text,
        CONSTRAINT pk_intent PRIMARY KEY (tenant, invitation_id)
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE answer (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        state text NOT NULL,
        origin text NOT NULL,
        test boolean NOT NULL,
        score smallint,
        comment text,
        follow_up_question text,
        follow_up text,
        may_contact boolean,
        customer_id text,
        survey_id uuid,
        survey_version integer,
        event_id uuid,
        measurement text NOT NULL,
        touchpoint text,
        segments jsonb NOT NULL,
        organisation jsonb NOT NULL,
        language text,
        day date,
        invited_at timestamptz,
        answered_at timestamptz,
        changed_at timestamptz NOT NULL,
        within jsonb NOT NULL,
        CONSTRAINT pk_answer PRIMARY KEY (tenant, id),
        CONSTRAINT ck_answer_score CHECK (score BETWEEN 0 AND 10),
        CONSTRAINT ck_answer_accepted CHECK (
            (score IS NULL) = (state = 'clicked') AND (score IS NULL) = (day IS NULL)
            AND (score IS NULL) = (answered_at IS NULL)
        )
    ) WITH (fillfactor = 85)
    """,
    "CREATE INDEX ix_answer_tenant_answered_at_id ON answer (tenant, answered_at, id)",
    """
    CREATE TABLE answer_history (
        tenant text NOT NULL,
        answer_id uuid NOT NULL,
        version bigint NOT NULL,
        state text NOT NULL,
        score smallint NOT NULL,
        comment text,
        follow_up_question text,
        follow_up text,
        may_contact boolean,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_answer_history PRIMARY KEY (tenant, answer_id, version)
    )
    """,
)


def upgrade() -> None:
    for statement in (*KERNEL_DDL, *OWN_DDL):
        op.execute(statement)
