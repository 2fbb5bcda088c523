from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.scorer.models import metadata
from shared.db.database import Database


async def test_a_migrated_database_equals_the_metadata(database: Database):
    async with database.engine.connect() as connection:
        found = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": False}), metadata
            )
        )
    assert [difference for difference in found if "alembic_version" not in str(difference)] == []
