"""Deadlines: the first kind, ``quiet``, is when a customer who may still be writing is taken to have finished.

The version before this one keeps that time in ``case_answer.writing_until`` alone, and may run beside this one: a
trigger makes the deadline follow the column. Both go when no version writes the column any more.
"""

from alembic import op

from shared.db.deadlines import CLOCK_DDL

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FOLLOW_COLUMN = """
    CREATE FUNCTION set_quiet_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.writing_until IS NULL THEN
            DELETE FROM clock
            WHERE tenant = NEW.tenant AND kind = 'quiet' AND about_id = NEW.answer_id;
        ELSE
            INSERT INTO clock AS t (tenant, kind, about_id, due_at)
            VALUES (NEW.tenant, 'quiet', NEW.answer_id, NEW.writing_until)
            ON CONFLICT (tenant, kind, about_id) DO UPDATE SET due_at = EXCLUDED.due_at
            WHERE t.due_at <> EXCLUDED.due_at;
        END IF;
        RETURN NULL;
    END
    $$
"""
AFTER_INSERT = """
    CREATE TRIGGER set_quiet_deadline AFTER INSERT ON case_answer
    FOR EACH ROW WHEN (NEW.writing_until IS NOT NULL)
    EXECUTE FUNCTION set_quiet_deadline()
"""
AFTER_UPDATE = """
    CREATE TRIGGER move_quiet_deadline AFTER UPDATE OF writing_until ON case_answer
    FOR EACH ROW WHEN (OLD.writing_until IS DISTINCT FROM NEW.writing_until)
    EXECUTE FUNCTION set_quiet_deadline()
"""
# The triggers have locked the table by now: nothing is written between this and them.
FILL = """
    INSERT INTO clock (tenant, kind, about_id, due_at)
    SELECT tenant, 'quiet', answer_id, writing_until FROM case_answer
    WHERE writing_until IS NOT NULL
"""


def upgrade() -> None:
    for statement in (*CLOCK_DDL, FOLLOW_COLUMN, AFTER_INSERT, AFTER_UPDATE, FILL):
        op.execute(statement)
