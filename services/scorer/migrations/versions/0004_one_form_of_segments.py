"""Segments whose names only looked different become one, and count what the answers of both count together.

The counts of those that change are counted anew from the answers, so an answer that stood in both counts once.
"""

from alembic import op

from shared.db.segment_migration import rename_in_array, rename_segments

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAMES = """
    SELECT tenant, segment FROM segment
    UNION ALL SELECT tenant, segment FROM day_count
    UNION ALL SELECT tenant, unnest(segments) FROM answer
    UNION ALL SELECT tenant, unnest(segments) FROM invitation
    UNION ALL SELECT tenant, unnest(segments) FROM case_copy
"""
SCORES = range(11)
COLUMNS = ", ".join(f"c{score}" for score in SCORES)
OLD = "(tenant, segment) IN (SELECT tenant, old FROM renamed_segment)"
MERGE = (
    # Weeks follow by triggers, of rows that come and that change.
    f"UPDATE day_count SET {', '.join(f'c{score} = 0' for score in SCORES)} WHERE {OLD}",
    f"""
    INSERT INTO day_count AS t (tenant, measurement, segment, day, {COLUMNS})
    SELECT a.tenant, a.measurement, n.new, a.day,
           {", ".join(f"count(*) FILTER (WHERE a.score = {score})" for score in SCORES)}
    FROM (SELECT DISTINCT tenant, new FROM renamed_segment) AS n
    JOIN answer AS a ON a.tenant = n.tenant AND a.segments @> ARRAY[n.new] AND a.score IS NOT NULL
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (tenant, measurement, segment, day)
    DO UPDATE SET {", ".join(f"c{score} = EXCLUDED.c{score}" for score in SCORES)}
    """,
    # What listens to scores hears that the old name has none left, and what the new one has.
    f"""
    INSERT INTO changed AS t (tenant, measurement, segment, at)
    SELECT DISTINCT tenant, measurement, segment, now() FROM day_count
    WHERE {OLD} OR (tenant, segment) IN (SELECT tenant, new FROM renamed_segment) ORDER BY 1, 2, 3
    ON CONFLICT (tenant, measurement, segment) DO UPDATE SET at = EXCLUDED.at
    """,
    f"DELETE FROM day_count WHERE {OLD}",
    f"DELETE FROM week_count WHERE {OLD}",
    """
    INSERT INTO segment (tenant, segment, dimension)
    SELECT DISTINCT s.tenant, r.new, split_part(r.new, ':', 1) FROM segment AS s
    JOIN renamed_segment AS r ON r.tenant = s.tenant AND r.old = s.segment
    ON CONFLICT (tenant, segment) DO NOTHING
    """,
    f"DELETE FROM segment WHERE {OLD}",
    """
    INSERT INTO dimension AS t (tenant, dimension, size)
    SELECT d.tenant, d.dimension, (
        SELECT count(*) FROM segment AS s WHERE s.tenant = d.tenant AND s.dimension = d.dimension)
    FROM (SELECT tenant, split_part(old, ':', 1) COLLATE "C" AS dimension FROM renamed_segment
          UNION SELECT tenant, split_part(new, ':', 1) FROM renamed_segment) AS d
    ON CONFLICT (tenant, dimension) DO UPDATE SET size = EXCLUDED.size
    """,
    """
    DELETE FROM dimension AS d USING renamed_segment AS r WHERE d.tenant = r.tenant AND d.size = 0
    AND d.left_out = 0 AND d.dimension = split_part(r.old, ':', 1)
    """,
)


def upgrade() -> None:
    op.execute("LOCK TABLE answer, day_count IN SHARE ROW EXCLUSIVE MODE")  # nobody counts until the commit
    if rename_segments("scorer", NAMES):
        for table in ("answer", "invitation", "case_copy"):
            rename_in_array(table, "segments")
        for statement in MERGE:
            op.execute(statement)
