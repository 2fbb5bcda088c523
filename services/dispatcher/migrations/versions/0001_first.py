"""The kernel's tables, the tenants, and the dispatcher's own."""

from alembic import op

from shared.db.tables import KERNEL_DDL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OWN_DDL = (
    # A delivery is due only when its invitation has left the outbox: the sender looks here by key.
    "CREATE INDEX ix_outbox_key ON outbox (key) WHERE topic = 'invitations.v1'",
    """
    CREATE TABLE survey (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        survey_version integer NOT NULL,
        name text NOT NULL,
        trigger text NOT NULL,
        delay_minutes integer NOT NULL,
        quarantine_days integer NOT NULL,
        link_days integer NOT NULL,
        max_age_days integer NOT NULL,
        place integer NOT NULL,
        state text NOT NULL,
        created_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_survey PRIMARY KEY (tenant, id),
        CONSTRAINT ck_survey_state CHECK (state IN ('live', 'paused'))
    )
    """,
    """
    CREATE TABLE survey_words (
        tenant text NOT NULL,
        survey_id uuid NOT NULL,
        survey_version integer NOT NULL,
        measurement text NOT NULL,
        default_language text NOT NULL,
        texts bytea NOT NULL,
        written_at timestamptz NOT NULL,
        CONSTRAINT pk_survey_words PRIMARY KEY (tenant, survey_id, survey_version),
        CONSTRAINT ck_survey_words_measurement CHECK (measurement IN ('transactional', 'relational')),
        CONSTRAINT fk_survey_words_tenant_survey_id FOREIGN KEY (tenant, survey_id) REFERENCES survey (tenant, id)
    )
    """,
    """
    CREATE TABLE sending (
        tenant text NOT NULL,
        mode text NOT NULL DEFAULT 'test',
        stopped boolean NOT NULL DEFAULT false,
        test_addresses text[] NOT NULL DEFAULT '{}',
        changed_at timestamptz NOT NULL,
        CONSTRAINT pk_sending PRIMARY KEY (tenant),
        CONSTRAINT ck_sending_mode CHECK (mode IN ('test', 'live'))
    )
    """,
    """
    CREATE TABLE sending_change (
        tenant text NOT NULL,
        id uuid NOT NULL,
        at timestamptz NOT NULL,
        who text NOT NULL,
        what text NOT NULL,
        CONSTRAINT pk_sending_change PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE suppression (
        tenant text NOT NULL,
        kind text NOT NULL,
        key text NOT NULL,
        reason text NOT NULL,
        who text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_suppression PRIMARY KEY (tenant, kind, key),
        CONSTRAINT ck_suppression_kind CHECK (kind IN ('address', 'customer')),
        CONSTRAINT ck_suppression_reason CHECK (reason IN ('unsubscribed', 'listed'))
    )
    """,
    """
    CREATE TABLE customer (
        tenant text NOT NULL,
        id text NOT NULL,
        invited_at timestamptz,
        CONSTRAINT pk_customer PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE decision (
        tenant text NOT NULL,
        event_id uuid NOT NULL,
        decided_at timestamptz NOT NULL,
        source text NOT NULL,
        source_id text NOT NULL,
        customer_id text NOT NULL,
        digest text NOT NULL,
        reason text NOT NULL,
        survey_id uuid,
        invitation_id uuid,
        segments text[] NOT NULL,
        facts bytea NOT NULL,
        grounds bytea NOT NULL,
        difference bytea,
        difference_at timestamptz,
        CONSTRAINT pk_decision PRIMARY KEY (tenant, event_id)
    )
    """,
    "CREATE INDEX ix_decision_tenant_decided_at_event_id ON decision (tenant, decided_at, event_id)",
    "CREATE INDEX ix_decision_tenant_source_id ON decision (tenant, source_id)",
    "CREATE INDEX ix_decision_tenant_customer_id ON decision (tenant, customer_id)",
    """
    CREATE TABLE invitation (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        event_id uuid NOT NULL,
        customer_id text NOT NULL,
        survey_id uuid NOT NULL,
        state text NOT NULL,
        reason text,
        test boolean NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        next_at timestamptz NOT NULL,
        lease_until timestamptz,
        sent_at timestamptz,
        changed_at timestamptz NOT NULL,
        body bytea NOT NULL,
        CONSTRAINT pk_invitation PRIMARY KEY (tenant, id),
        CONSTRAINT ck_invitation_state CHECK (state IN
            ('waiting', 'sending', 'sent', 'withheld', 'dropped', 'failed', 'bounced', 'unknown'))
    )
    """,
    # A customer's link holds the invitation's id alone.
    "CREATE INDEX ix_invitation_id ON invitation (id)",
    "CREATE INDEX ix_invitation_next_at ON invitation (next_at) WHERE state = 'waiting'",
    "CREATE INDEX ix_invitation_lease_until ON invitation (lease_until) WHERE state = 'sending'",
    "CREATE INDEX ix_invitation_changed_at ON invitation (changed_at)",
    """
    CREATE TABLE answer_heard (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        event_id uuid NOT NULL,
        state text NOT NULL,
        score integer,
        test boolean NOT NULL,
        clicked_at timestamptz,
        saved_at timestamptz,
        sent_at timestamptz,
        heard_at timestamptz NOT NULL,
        CONSTRAINT pk_answer_heard PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_answer_heard_tenant_event_id ON answer_heard (tenant, event_id)",
    "CREATE INDEX ix_answer_heard_heard_at ON answer_heard (heard_at)",
    """
    CREATE TABLE case_heard (
        tenant text NOT NULL,
        id uuid NOT NULL,
        version bigint NOT NULL,
        event_id uuid NOT NULL,
        number integer NOT NULL,
        state text NOT NULL,
        owner text,
        cause text,
        outcome text,
        opened_at timestamptz NOT NULL,
        closed_at timestamptz,
        heard_at timestamptz NOT NULL,
        CONSTRAINT pk_case_heard PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_case_heard_tenant_event_id ON case_heard (tenant, event_id)",
    "CREATE INDEX ix_case_heard_heard_at ON case_heard (heard_at)",
)


def upgrade() -> None:
    for statement in (*KERNEL_DDL, *OWN_DDL):
        op.execute(statement)
