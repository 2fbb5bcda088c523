"""What a live page costs while much is imported or replayed."""

from datetime import timedelta

from support.scorer_builders import an_answer, count

from services.scorer.repository import said
from shared.db.database import Database
from shared.http.live import MAX_CHANGES

LATELY = timedelta(seconds=60)


async def heard(database: Database, *tenants: str) -> list[tuple[str, str]]:
    async with database.reading() as uow:
        rows = await said.heard_since(uow, tenants, uow.now - LATELY, MAX_CHANGES)
    return [(row.tenant, row.id) for row in rows]


async def test_a_look_reads_the_newest_of_each_company_however_much_is_imported(database: Database):
    new = an_answer("new")
    await count(database, new, tenant="small")
    await count(database, new)
    for part in range(4):
        await count(database, *(an_answer(f"{part}-{n}", origin="import") for n in range(750)))
    found = await heard(database, "acme", "small")
    assert ("small", f"answer-{new.id}") in found
    assert ("acme", f"answer-{new.id}") in found, "what is moved in hides no news"
    assert len([tenant for tenant, _ in found if tenant == "acme"]) == MAX_CHANGES


async def test_a_look_reads_of_those_companies_only_whose_people_listen(database: Database):
    await count(database, an_answer())
    await count(database, an_answer(), tenant="other")
    assert {tenant for tenant, _ in await heard(database, "other")} == {"other"}
    assert await heard(database) == []
