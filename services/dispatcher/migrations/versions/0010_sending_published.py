"""How a tenant sends is published as an event of its own, also when the version before has changed it."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sending ADD COLUMN version bigint NOT NULL DEFAULT 1, "
        "ADD COLUMN published_version bigint NOT NULL DEFAULT 0"
    )
    op.execute("CREATE INDEX ix_sending_unpublished ON sending (tenant) WHERE published_version < version")
    # By a trigger, since the version before this one, which may still run, knows no versions.
    op.execute("""
        CREATE FUNCTION count_sending_version() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (NEW.mode, NEW.stopped) IS DISTINCT FROM (OLD.mode, OLD.stopped) AND NEW.version = OLD.version THEN
                NEW.version := OLD.version + 1;
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER count_sending_version BEFORE UPDATE ON sending "
        "FOR EACH ROW EXECUTE FUNCTION count_sending_version()"
    )
