"""Companies that are paused, leave or have left, and when API keys were last used."""

from alembic import op

from shared.tenancy.closed import CLOSED_COMPANY_DDL
from shared.tenancy.key_uses import KEY_USE_DDL

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

STATEMENTS = (
    CLOSED_COMPANY_DDL,
    KEY_USE_DDL,
    # A company that has left takes its log with it.
    """
    CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND (
            OLD.at < now() - interval '365 days'
            OR OLD.tenant = current_setting('afterword.left_company', true) AND EXISTS (
                SELECT FROM closed_company c WHERE c.tenant = OLD.tenant AND c.state = 'left'
            )
        ) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'lines of the log are only ever added';
    END
    $$
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
