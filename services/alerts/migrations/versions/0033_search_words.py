"""The words by which the answers of cases are found."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE case_answer ADD COLUMN words tsvector")
    # Without a list of what is still to be indexed, which each search would have to read whole.
    op.execute("CREATE INDEX ix_case_answer_words ON case_answer USING gin (words) WITH (fastupdate = off)")
    op.execute("CREATE INDEX ix_case_answer_without_words ON case_answer (tenant) WHERE words IS NULL")
    # At the commit, so that a handler has done its own work by then. It updates rows without words, too, and so
    # waits for whoever is writing them from the text before. Two batches that lock the same answers in another
    # order are repeated, as everywhere.
    op.execute("""
        CREATE FUNCTION forget_words() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE case_answer SET words = NULL WHERE tenant = NEW.tenant AND answer_id = NEW.id;
            RETURN NULL;
        END
        $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER forget_words AFTER UPDATE OF body ON answer
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forget_words()
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER forget_words AFTER INSERT OR UPDATE OF body ON invitation
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forget_words()
    """)
