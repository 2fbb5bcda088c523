"""What is on its way while a company leaves: rows of a file, answers of a file, and a text that is a score."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from support.companies import Company, World, an_import
from support.imports import processing
from support.leaving import operate

from services.dispatcher.imports import repository
from services.dispatcher.imports.domain import LEASE, Import
from services.dispatcher.imports.processing import Processing
from services.trigger.company_states import let_go
from shared.privacy.service_client import ServiceClient, ServiceUnavailable

pytestmark = pytest.mark.timeout(300)

COUNT_CUSTOMERS = "SELECT count(*) FROM customer_profile WHERE tenant = :tenant"
FIND_SCORES = "SELECT id, score, version FROM answer WHERE tenant = :tenant ORDER BY id"


async def begin_file(world: World, company: Company) -> UUID:
    """Begin the company's file of customers."""
    path, mapping = f"/v1/imports/{company.imported}/start", {"fields": {"id": "id", "email": "email"}}
    begun = await world.clients["dispatcher"].post(path, json=mapping, headers=company.headers)
    assert begun.is_success, begun.text
    return UUID(company.imported)


async def has_left(world: World, company: str) -> None:
    await operate(world, f"/{company}/leave", {"grace_days": 0})
    async with world.contexts["trigger"].database.transaction() as uow:
        await let_go(uow, company)
    await world.deliver_all()


async def rows_of(world: World, service: str, sql: str, company: Company) -> list[tuple[Any, ...]]:
    async with world.contexts[service].database.reading() as uow:
        return [tuple(row) for row in await uow.execute(sql, {"tenant": company.name})]


async def test_no_row_of_a_file_is_taken_of_a_company_that_leaves(world: World) -> None:
    company = await world.create_company("ashtree")
    id_ = await begin_file(world, company)
    database = world.contexts["dispatcher"].database
    await operate(world, f"/{company.name}/leave", {"grace_days": 30})
    await world.deliver_all()
    async with database.transaction() as uow:
        assert company.name not in {row.tenant for row in await repository.find_due(uow, 100)}
        assert await repository.claim(uow, company.name, id_, LEASE) is None
    await operate(world, f"/{company.name}/stay")
    await world.deliver_all()
    async with database.transaction() as uow:
        assert company.name in {row.tenant for row in await repository.find_due(uow, 100)}


async def test_a_part_of_a_file_that_a_worker_has_in_hand_is_not_taken_when_the_company_has_left(
    world: World, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin_file(world, company)
    before = await rows_of(world, "dispatcher", COUNT_CUSTOMERS, company)
    take, ended = Processing._take, []

    async def take_late(self: Processing, job: Import, *given: Any) -> None:
        await has_left(world, job.tenant)
        await take(self, job, *given)
        ended.append(job.tenant)

    monkeypatch.setattr(Processing, "_take", take_late)
    loop = processing(world.contexts["dispatcher"].database)
    await loop.advance()
    await loop.services.close()
    assert company.name in ended
    assert await rows_of(world, "dispatcher", COUNT_CUSTOMERS, company) == before


async def test_the_collector_takes_neither_answers_nor_texts_of_a_company_that_has_left(world: World) -> None:
    company = await world.create_company("elmtree")
    before = await rows_of(world, "collector", FIND_SCORES, company)
    await has_left(world, company.name)
    client: ServiceClient = world.app("dispatcher").state.context.services
    answers = msgspec.json.encode({"answers": [{**an_import(company.name), "id": "comes-late"}]})
    with pytest.raises(ServiceUnavailable):
        await client.post("collector", "answers", answers, purpose="import", tenant=company.name)
    text = {"invitation_id": company.invitation, "score": 9, "said_at": datetime.now(UTC).isoformat()}
    answered = await client.post(
        "collector", "text-answers", msgspec.json.encode(text), purpose="text", tenant=company.name
    )
    assert msgspec.json.decode(answered) == {"state": "gone"}
    assert await rows_of(world, "collector", FIND_SCORES, company) == before
