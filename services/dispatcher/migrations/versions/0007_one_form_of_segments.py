"""The segments of a decision by their names in one form: whoever is limited to one sees all of its events."""

from shared.db.segment_migration import rename_in_array, rename_segments

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if rename_segments("dispatcher", "SELECT tenant, unnest(segments) AS segment FROM decision"):
        rename_in_array("decision", "segments")
