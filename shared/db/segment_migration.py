"""For migrations: rename segments that were stored before text was normalized to one form.

Names that differ in their form only become one name. Each renamed segment is logged with its company.
"""

import structlog
from alembic import op
from sqlalchemy import text

from shared.events.segments import normalized_segment

log = structlog.get_logger()

# Visible ASCII without a blank is normalized already.
_FIND_CANDIDATES = """
    SELECT DISTINCT tenant, segment COLLATE "C" AS segment FROM ({names}) AS n
    WHERE segment COLLATE "C" ~ '[^!-~]'
    ORDER BY 1, 2
"""
_CREATE_RENAMED = """
    CREATE TEMPORARY TABLE renamed_segment (
        tenant text,
        old text COLLATE "C",
        new text COLLATE "C",
        PRIMARY KEY (tenant, old)
    ) ON COMMIT DROP
"""
_INSERT_RENAMED = "INSERT INTO renamed_segment VALUES (:tenant, :old, :new)"


def rename_segments(service: str, names: str) -> int:
    """Fill the temporary table ``renamed_segment`` (tenant, old, new); how many names change.

    :param names: a query for ``tenant`` and ``segment`` of every stored name.
    """
    connection = op.get_bind()
    found = connection.execute(text(_FIND_CANDIDATES.format(names=names))).all()
    renamed = [
        {"tenant": row.tenant, "old": row.segment, "new": new}
        for row in found
        if (new := normalized_segment(row.segment)) != row.segment
    ]
    connection.execute(text(_CREATE_RENAMED))
    if renamed:
        connection.execute(text(_INSERT_RENAMED), renamed)
    for each in renamed:
        log.info("segment_renamed", service=service, tenant=each["tenant"], old=each["old"], new=each["new"])
    return len(renamed)


def rename_in_array(table: str, column: str) -> None:
    """Rename within a column of ``text[]``; of names that become equal the first place is kept."""
    op.execute(f"""
        UPDATE {table} AS t SET {column} = (
            SELECT array_agg(name ORDER BY place) FROM (
                SELECT coalesce(r.new, s.name) AS name, min(s.place) AS place
                FROM unnest(t.{column}) WITH ORDINALITY AS s(name, place)
                LEFT JOIN renamed_segment AS r ON r.tenant = t.tenant AND r.old = s.name
                GROUP BY 1
            ) AS once)
        WHERE EXISTS (SELECT FROM renamed_segment AS r WHERE r.tenant = t.tenant AND r.old = ANY(t.{column}))
    """)
