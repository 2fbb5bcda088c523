"""Rules, teams, calendars and absences; what they make of a case: its priority, whose it is, its clocks.

All that decides about a case is read again when ``case_setup.version`` has changed. Triggers count it, so that no
writer can forget it: people are written by another room.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE case_rules (
        tenant text NOT NULL,
        version bigint NOT NULL,
        body jsonb NOT NULL,
        saved_at timestamptz NOT NULL,
        saved_by text NOT NULL,
        CONSTRAINT pk_case_rules PRIMARY KEY (tenant, version)
    )
    """,
    """
    CREATE TABLE team (
        tenant text NOT NULL,
        id uuid NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_team PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE calendar (
        tenant text NOT NULL,
        id uuid NOT NULL,
        body jsonb NOT NULL,
        CONSTRAINT pk_calendar PRIMARY KEY (tenant, id)
    )
    """,
    """
    CREATE TABLE absence (
        tenant text NOT NULL,
        staff_id uuid NOT NULL,
        since timestamptz NOT NULL,
        until timestamptz NOT NULL,
        deputy_id uuid,
        CONSTRAINT pk_absence PRIMARY KEY (tenant, staff_id)
    )
    """,
    """
    CREATE TABLE case_setup (
        tenant text NOT NULL,
        version bigint NOT NULL,
        CONSTRAINT pk_case_setup PRIMARY KEY (tenant)
    )
    """,
)
COUNT_SETUP = """
    CREATE FUNCTION count_case_setup() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO case_setup AS s (tenant, version)
        VALUES (coalesce(NEW.tenant, OLD.tenant), 1)
        ON CONFLICT (tenant) DO UPDATE SET version = s.version + 1;
        RETURN NULL;
    END
    $$
"""
ON_CHANGE = """
    CREATE TRIGGER count_case_setup AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION count_case_setup()
"""
# Not when somebody signs in: then other columns are written.
ON_PEOPLE = """
    CREATE TRIGGER count_case_setup
    AFTER INSERT OR DELETE OR UPDATE OF address, name, role, segments, active ON staff
    FOR EACH ROW EXECUTE FUNCTION count_case_setup()
"""
FILL = """
    INSERT INTO case_setup (tenant, version) SELECT DISTINCT tenant, 1 FROM staff
"""
CASES = """
    ALTER TABLE cases
        ADD COLUMN priority text NOT NULL DEFAULT 'normal',
        ADD COLUMN rule_name text,
        ADD COLUMN rules_version bigint,
        ADD COLUMN team_id uuid,
        ADD COLUMN routed_to uuid[] NOT NULL DEFAULT '{}',
        ADD COLUMN clocks jsonb,
        ADD COLUMN contact_steps jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN contact_steps_done smallint NOT NULL DEFAULT 0,
        ADD COLUMN close_steps jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN close_steps_done smallint NOT NULL DEFAULT 0,
        ADD COLUMN waiting_since timestamptz,
        ADD COLUMN next_step_at timestamptz
"""

RECENT_ANSWERS = """
    CREATE INDEX ix_answer_tenant_answered_at ON answer (tenant, answered_at)
"""


def upgrade() -> None:
    for statement in (*TABLES, COUNT_SETUP):
        op.execute(statement)
    for table in ("case_rules", "team", "calendar", "absence"):
        op.execute(ON_CHANGE.format(table=table))
    for statement in (ON_PEOPLE, FILL, CASES, RECENT_ANSWERS):
        op.execute(statement)
