"""Alembic's entry point; shared.db.migrations does the work."""

from services.alerts.models import metadata
from shared.db import migrations

migrations.run(metadata)
