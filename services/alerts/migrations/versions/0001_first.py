"""The kernel's tables, copies of what was heard, cases, staff, notifications."""

from alembic import op

from shared.db.tables import KERNEL_DDL

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OWN_DDL = (
    """
    CREATE TABLE answer (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        customer_id TEXT,
        score SMALLINT NOT NULL,
        first_version BIGINT NOT NULL,
        first_score SMALLINT NOT NULL,
        answered_at TIMESTAMP WITH TIME ZONE,
        body BYTEA NOT NULL,
        CONSTRAINT pk_answer PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_answer_tenant_customer_id_answered_at ON answer (tenant, customer_id, answered_at)",
    "COMMENT ON TABLE answer IS 'Copies of answers: the newest version whole, and the first score.'",
    """
    CREATE TABLE case_answer (
        tenant TEXT NOT NULL,
        answer_id UUID NOT NULL,
        case_id UUID NOT NULL,
        writing_until TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_case_answer PRIMARY KEY (tenant, answer_id)
    )
    """,
    "CREATE INDEX ix_case_answer_tenant_case_id ON case_answer (tenant, case_id)",
    "CREATE INDEX ix_case_answer_writing ON case_answer (writing_until) WHERE writing_until IS NOT NULL",
    (
        "COMMENT ON TABLE case_answer IS 'Each detractor answer belongs to one case; until when its "
        "customer may still be writing.'"
    ),
    """
    CREATE TABLE case_counter (
        tenant TEXT NOT NULL,
        last BIGINT NOT NULL,
        CONSTRAINT pk_case_counter PRIMARY KEY (tenant)
    )
    """,
    """
    CREATE TABLE cases (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        number BIGINT NOT NULL,
        version BIGINT NOT NULL,
        decided_version BIGINT NOT NULL,
        decided_by TEXT NOT NULL,
        state TEXT NOT NULL,
        answer_id UUID NOT NULL,
        event_id UUID,
        customer_id TEXT,
        score SMALLINT NOT NULL,
        touchpoint TEXT,
        segments JSONB NOT NULL,
        organisation TEXT[] NOT NULL,
        belongs TEXT[] NOT NULL,
        owner_id UUID,
        cause TEXT,
        action TEXT,
        outcome TEXT,
        told BOOLEAN,
        opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
        contact_due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        close_due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        first_contact_at TIMESTAMP WITH TIME ZONE,
        closed_at TIMESTAMP WITH TIME ZONE,
        changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_cases PRIMARY KEY (tenant, id),
        CONSTRAINT uq_cases_tenant_number UNIQUE (tenant, number)
    )
    """,
    "CREATE INDEX ix_cases_changed_at ON cases (changed_at)",
    "CREATE INDEX ix_cases_tenant_due_at_id ON cases (tenant, due_at, id)",
    "CREATE UNIQUE INDEX uq_cases_one_open ON cases (tenant, customer_id) WHERE state <> 'closed'",
    """
    CREATE TABLE invitation (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        version BIGINT NOT NULL,
        body BYTEA NOT NULL,
        CONSTRAINT pk_invitation PRIMARY KEY (tenant, id)
    )
    """,
    "COMMENT ON TABLE invitation IS 'Copies of invitations: who it was and what was bought.'",
    """
    CREATE TABLE notification (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        kind TEXT NOT NULL,
        staff_id UUID NOT NULL,
        case_id UUID,
        answer_id UUID,
        state TEXT NOT NULL,
        reason TEXT,
        attempts INTEGER NOT NULL,
        due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        lease_until TIMESTAMP WITH TIME ZONE,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_notification PRIMARY KEY (tenant, id)
    )
    """,
    "CREATE INDEX ix_notification_due ON notification (due_at) WHERE state IN ('waiting', 'sending')",
    "CREATE INDEX ix_notification_tenant_case_id ON notification (tenant, case_id)",
    "COMMENT ON TABLE notification IS 'Mails to colleagues: of a case, and invitations to sign in.'",
    """
    CREATE TABLE session (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        staff_id UUID NOT NULL,
        digest TEXT NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_session PRIMARY KEY (tenant, id),
        CONSTRAINT uq_session_tenant_digest UNIQUE (tenant, digest)
    )
    """,
    "CREATE INDEX ix_session_tenant_staff_id ON session (tenant, staff_id)",
    """
    CREATE TABLE sign_in_link (
        tenant TEXT NOT NULL,
        digest TEXT NOT NULL,
        staff_id UUID NOT NULL,
        expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
        used_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_sign_in_link PRIMARY KEY (tenant, digest)
    )
    """,
    """
    CREATE TABLE staff (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        address TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        segments TEXT[] DEFAULT '{}' NOT NULL,
        password_hash TEXT,
        wants_mail BOOLEAN DEFAULT true NOT NULL,
        active BOOLEAN DEFAULT true NOT NULL,
        created_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_staff PRIMARY KEY (tenant, id),
        CONSTRAINT uq_staff_tenant_address UNIQUE (tenant, address)
    )
    """,
    "CREATE INDEX ix_staff_address ON staff (address)",
    """
    CREATE TABLE survey (
        tenant TEXT NOT NULL,
        id UUID NOT NULL,
        survey_version BIGINT NOT NULL,
        version BIGINT NOT NULL,
        name TEXT NOT NULL,
        test BOOLEAN NOT NULL,
        stopped BOOLEAN NOT NULL,
        changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_survey PRIMARY KEY (tenant, id, survey_version)
    )
    """,
    """
    CREATE TABLE timeline (
        tenant TEXT NOT NULL,
        case_id UUID NOT NULL,
        seq BIGINT NOT NULL,
        at TIMESTAMP WITH TIME ZONE NOT NULL,
        kind TEXT NOT NULL,
        by_id UUID,
        by_name TEXT NOT NULL,
        facts JSONB NOT NULL,
        key TEXT,
        CONSTRAINT pk_timeline PRIMARY KEY (tenant, case_id, seq)
    )
    """,
    "CREATE UNIQUE INDEX uq_timeline_key ON timeline (tenant, case_id, key) WHERE key IS NOT NULL",
    "COMMENT ON TABLE timeline IS 'What happened to a case. Only ever added to.'",
)


def upgrade() -> None:
    for statement in (*KERNEL_DDL, *OWN_DDL):
        op.execute(statement)
