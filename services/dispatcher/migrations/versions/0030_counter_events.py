"""Counter-events: which types of event cancel or hold what waits, which came, and what each of them did."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

STATEMENTS = (
    "ALTER TABLE contact_policy ADD COLUMN counter_events jsonb NOT NULL DEFAULT '[]'",
    "ALTER TABLE invitation ADD COLUMN order_id text",
    "CREATE INDEX ix_invitation_order ON invitation (tenant, order_id) WHERE order_id IS NOT NULL",
    """
    CREATE TABLE counter_event (
        tenant text NOT NULL,
        event_id uuid NOT NULL,
        scope text NOT NULL,
        effect text NOT NULL,
        occurred_at timestamptz NOT NULL,
        known_at timestamptz NOT NULL,
        hold_until timestamptz,
        order_id text,
        person text NOT NULL,
        contact text,
        CONSTRAINT pk_counter_event PRIMARY KEY (tenant, event_id, scope),
        CONSTRAINT ck_counter_event_scope CHECK (scope IN ('order', 'customer')),
        CONSTRAINT ck_counter_event_effect CHECK (effect IN ('cancel', 'hold'))
    )
    """,
    "CREATE INDEX ix_counter_event_order ON counter_event (tenant, order_id) WHERE order_id IS NOT NULL",
    "CREATE INDEX ix_counter_event_contact ON counter_event (tenant, contact) WHERE contact IS NOT NULL",
    "CREATE INDEX ix_counter_event_known_at ON counter_event (known_at)",
    "CREATE INDEX ix_counter_event_tenant_person ON counter_event (tenant, person)",
    "CREATE INDEX ix_counter_event_no_person ON counter_event (tenant) WHERE person IS NULL",
    """
    CREATE TABLE countered (
        tenant text NOT NULL,
        event_id uuid NOT NULL,
        counter_id uuid NOT NULL,
        n integer NOT NULL,
        effect text NOT NULL,
        at timestamptz NOT NULL,
        until timestamptz,
        CONSTRAINT pk_countered PRIMARY KEY (tenant, event_id, counter_id, n),
        CONSTRAINT ck_countered_effect CHECK (effect IN ('cancel', 'hold'))
    )
    """,
    "CREATE INDEX ix_countered_tenant_counter_id ON countered (tenant, counter_id)",
    """
    CREATE INDEX ix_countered_cancelled ON countered (tenant, event_id)
        WHERE effect = 'cancel' AND n = 1
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
