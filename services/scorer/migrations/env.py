"""Alembic's door; shared.db.migrations does the work."""

from services.scorer.models import metadata
from shared.db import migrations

migrations.run(metadata)
