"""Until its first event comes, each company sends as the version before read it from the surveys."""

import pytest
from integration.test_one_form_migrations import before, rows
from support.stack import Postgres

from shared.db.migrations import migrate

OF_SERVICE = {
    "scorer": ("0004", "name, trigger, state", "'s', 'order', 'live'"),
    "alerts": ("0006", "name, changed_at", "'s', now() + n.survey_version * interval '1 s'"),
}


@pytest.mark.parametrize("service", OF_SERVICE)
async def test_who_was_live_or_stopped_still_is(postgres: Postgres, service: str) -> None:
    revision, columns, values = OF_SERVICE[service]
    async with before(postgres, service, revision) as database:
        async with database.transaction() as uow:
            await uow.execute(
                f"INSERT INTO survey (tenant, id, survey_version, version, test, stopped, {columns}) "
                "SELECT tenant, CAST('00000000-0000-0000-0000-000000000001' AS uuid), survey_version, 1, "
                f"test, stopped, {values} FROM (VALUES ('live', 1, true, false), ('live', 2, false, false), "
                "('stopped', 1, false, true), ('test', 1, true, false)) AS n(tenant, survey_version, test, stopped)"
            )
        await migrate(service, database.url)
        assert await rows(database, "SELECT tenant, version, mode, stopped FROM sending_copy ORDER BY 1") == [
            ("live", 0, "live", False),
            ("stopped", 0, "live", True),
            ("test", 0, "test", False),
        ]
