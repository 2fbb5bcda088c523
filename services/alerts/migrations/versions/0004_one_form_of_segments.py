"""Cases belong to segments, and people are limited to them, by names in one form."""

from alembic import op
from sqlalchemy import text

from shared.db.segment_migration import rename_in_array, rename_segments
from shared.values.text import normalized_text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAMES = """
    SELECT tenant, unnest(belongs) AS segment FROM cases
    UNION ALL SELECT tenant, unnest(belongs) FROM case_answer
    UNION ALL SELECT tenant, unnest(segments) FROM staff
"""


def upgrade() -> None:
    if rename_segments("alerts", NAMES):
        rename_in_array("cases", "belongs")
        rename_in_array("case_answer", "belongs")
        rename_in_array("staff", "segments")
    connection = op.get_bind()
    found = connection.execute(
        text("SELECT DISTINCT touchpoint FROM cases WHERE touchpoint COLLATE \"C\" ~ '[^!-~]'")
    )
    for (touchpoint,) in found.all():
        if (form := normalized_text(touchpoint)) != touchpoint:
            connection.execute(
                text("UPDATE cases SET touchpoint = :form WHERE touchpoint = :touchpoint"),
                {"form": form, "touchpoint": touchpoint},
            )
