"""Answers know their segments by names in one form, and carry dimensions and values so."""

import msgspec
from alembic import op
from sqlalchemy import text

from shared.db.segment_migration import rename_segments
from shared.values.text import normalized_text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAMES = "SELECT a.tenant, s.name AS segment FROM answer AS a, jsonb_array_elements_text(a.within) AS s(name)"
FOUND = """
    SELECT tenant, id, touchpoint, CAST(segments AS text) AS segments, CAST(organisation AS text) AS organisation
    FROM answer AS a WHERE EXISTS (
        SELECT FROM renamed_segment AS r WHERE r.tenant = a.tenant AND a.within ? r.old)
"""
WRITE = """
    UPDATE answer AS a SET touchpoint = :touchpoint, segments = CAST(:segments AS jsonb),
        organisation = CAST(:organisation AS jsonb), within = (
            SELECT jsonb_agg(name ORDER BY place) FROM (
                SELECT coalesce(r.new, s.name) AS name, min(s.place) AS place
                FROM jsonb_array_elements_text(a.within) WITH ORDINALITY AS s(name, place)
                LEFT JOIN renamed_segment AS r ON r.tenant = a.tenant AND r.old = s.name GROUP BY 1
            ) AS once)
    WHERE tenant = :tenant AND id = :id
"""


def upgrade() -> None:
    if not rename_segments("collector", NAMES):
        return
    connection = op.get_bind()
    for row in connection.execute(text(FOUND)).all():
        segments = msgspec.json.decode(row.segments, type=dict[str, str])
        organisation = msgspec.json.decode(row.organisation, type=list[str])
        in_form = {normalized_text(name): normalized_text(value) for name, value in segments.items()}
        connection.execute(
            text(WRITE),
            {
                "tenant": row.tenant,
                "id": row.id,
                "touchpoint": normalized_text(row.touchpoint) if row.touchpoint else row.touchpoint,
                "segments": msgspec.json.encode(in_form).decode(),
                "organisation": msgspec.json.encode(
                    [normalized_text(level) for level in organisation]
                ).decode(),
            },
        )
