"""``python -m shared.cli.new_migration SERVICE WHAT_IT_DOES``: writes an empty migration, numbered next."""

import sys

from alembic import command

from shared.db.migrations import configuration
from shared.db.schema_check import revisions


def create(service: str, what_it_does: str) -> None:
    """Write the service's ``migrations/versions/000N_what_it_does.py``."""
    command.revision(configuration(service), what_it_does, rev_id=f"{len(revisions(service)) + 1:04}")


if __name__ == "__main__":
    create(*sys.argv[1:])
