"""Declared pairs of dimensions, whose segments are counted like all others.

Views for tools of companies show no pairs. The index finds the answers of a pair's segment within four weeks:
what a page tells of the parts of two segments is read from these answers alone. Companies without pairs are in
none of it: a pair stands last among an answer's segments.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLE = """
    CREATE TABLE segment_pair (
        tenant text NOT NULL,
        first text COLLATE "C" NOT NULL,
        second text COLLATE "C" NOT NULL,
        id uuid NOT NULL,
        state text NOT NULL,
        walk text NOT NULL,
        last_id uuid,
        walked bigint NOT NULL,
        walked_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_segment_pair PRIMARY KEY (tenant, first, second)
    )
"""
# A transaction that counts holds the lock until it ends, whoever declares or removes takes it alone. Each statement
# of the function sees what was committed before it began: that of the pairs what was declared while it waited.
DECLARED_PAIRS = """
    CREATE FUNCTION declared_pairs(companies text[]) RETURNS TABLE (tenant text, first text, second text)
    LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('segment pairs', 0));
        RETURN QUERY
            SELECT p.tenant, p.first, p.second FROM segment_pair p
            WHERE p.tenant = ANY (companies) AND p.state <> 'removing'
            ORDER BY 1, 2, 3;
    END $$
"""
PAIR_KEYS = """
    CREATE FUNCTION pair_keys(tenant text, measurement text, day date, segments text[]) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ARRAY(
        SELECT tenant || ' ' || measurement || ' ' || CAST((day - DATE '2000-01-03') / 28 AS text) || ' ' || s.segment
        FROM unnest(segments) AS s(segment)
        WHERE s.segment LIKE '%/%:%'
    )
"""
ANSWERS_OF_PAIRS = """
    CREATE INDEX ix_answer_pairs ON answer USING gin (pair_keys(tenant, measurement, day, segments))
    WHERE score IS NOT NULL AND segments[cardinality(segments)] LIKE '%/%:%'
"""
READER = """
    CREATE OR REPLACE VIEW bi_reader AS
    SELECT r.tenant, r.reads_answers, t.body ->> 'name' AS name,
        coalesce(t.body ->> 'time_zone', 'UTC') AS time_zone,
        coalesce(CAST(t.body -> 'people' ->> 'level' AS integer), 3) AS person_level,
        ARRAY(
            SELECT d.dimension FROM dimension d
            WHERE d.tenant = r.tenant AND d.dimension NOT LIKE '%/%'
                AND (d.dimension = 'organisation' OR NOT bi_names_people(
                    d.dimension,
                    ARRAY(SELECT jsonb_array_elements_text(coalesce(t.body -> 'people' -> 'dimensions', '[]')))))
        ) AS shown
    FROM bi_role r
    JOIN (SELECT id, CAST(convert_from(body, 'UTF8') AS jsonb) AS body FROM tenant) t ON t.id = r.tenant
    WHERE r.role = CAST(session_user AS text)
        AND r.tenant NOT IN (SELECT tenant FROM closed_company WHERE state <> 'paused')
"""


def upgrade() -> None:
    for statement in (TABLE, DECLARED_PAIRS, PAIR_KEYS, ANSWERS_OF_PAIRS, READER):
        op.execute(statement)
