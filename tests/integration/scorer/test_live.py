"""What a live page costs while much is imported or replayed."""

from datetime import timedelta

from support.scorer_builders import an_answer, count

from services.scorer.repository.recent_changes import list_recent_changes
from shared.db.database import Database
from shared.http.live import MAX_CHANGES

PERIOD = timedelta(seconds=60)


async def recent_changes(database: Database, *tenants: str) -> list[tuple[str, str]]:
    async with database.reading() as uow:
        rows = await list_recent_changes(uow, tenants, uow.now - PERIOD, MAX_CHANGES)
    return [(row.tenant, row.id) for row in rows]


async def test_a_poll_reads_the_newest_of_each_company_however_much_is_imported(database: Database) -> None:
    new = an_answer("new")
    await count(database, new, tenant="small")
    await count(database, new)
    for part in range(4):
        await count(database, *(an_answer(f"{part}-{n}", origin="import") for n in range(750)))
    found = await recent_changes(database, "acme", "small")
    assert ("small", f"answer-{new.id}") in found
    assert ("acme", f"answer-{new.id}") in found, "imports hide no other answer"
    assert len([tenant for tenant, _ in found if tenant == "acme"]) == MAX_CHANGES


async def test_a_poll_reads_only_of_companies_with_an_open_page(database: Database) -> None:
    await count(database, an_answer())
    await count(database, an_answer(), tenant="other")
    assert {tenant for tenant, _ in await recent_changes(database, "other")} == {"other"}
    assert await recent_changes(database) == []
