"""A company that has left and whose erasure fails keeps no other waiting."""

from datetime import UTC, datetime, timedelta

import pytest

from services.scorer.models import metadata
from shared.db.database import Database
from shared.health import Health
from shared.passed_over import PASSED_OVER_FOR
from shared.privacy.left_companies import CompanyErasing

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
ADD_LEFT = "INSERT INTO closed_company (tenant, version, state) VALUES (:tenant, 1, 'left')"


class FailingErasing(CompanyErasing):
    """It meets the error with the company ``aaa``; there are no records."""

    error: Exception | None

    async def _erase_records(self, tenant: str) -> int:
        if tenant == "aaa" and self.error is not None:
            raise self.error
        return 0


@pytest.fixture
async def erasing(database: Database) -> FailingErasing:
    database.clock = lambda: NOW
    async with database.transaction() as uow:
        for tenant in ("aaa", "bbb"):
            await uow.execute(ADD_LEFT, {"tenant": tenant})
    return FailingErasing("scorer", database, metadata, "", (), (), Health())


async def erased(erasing: FailingErasing) -> list[str]:
    while await erasing.step() is not None:
        pass
    async with erasing.database.transaction() as uow:
        found = await uow.execute("SELECT tenant FROM closed_company WHERE erased_at IS NOT NULL ORDER BY 1")
        return list(found.scalars())


async def test_a_company_whose_erasure_fails_is_passed_over_for_an_hour(erasing: FailingErasing) -> None:
    erasing.error = RuntimeError("unforeseen")
    assert await erased(erasing) == ["bbb"]
    erasing.error = None
    assert await erased(erasing) == ["bbb"]
    erasing.database.clock = lambda: NOW + PASSED_OVER_FOR
    assert await erased(erasing) == ["aaa", "bbb"]


async def test_an_error_that_every_company_would_meet_is_the_loops(erasing: FailingErasing) -> None:
    erasing.error = ConnectionError()
    with pytest.raises(ConnectionError):
        await erasing.step()
    erasing.error = None
    erasing.database.clock = lambda: NOW + timedelta(seconds=1)
    assert await erased(erasing) == ["aaa", "bbb"]
