"""Asks the dispatcher to erase customers, and does what its loop does, on the database of a test."""

from typing import Any

from support.audit import an_actor
from support.dispatcher_builders import TENANT
from support.http_clients import SECRET

from services.dispatcher.app import SERVICE
from services.dispatcher.erasures.erasure_commands import request_erasure
from services.dispatcher.erasures.requests import ErasureRequest
from shared.db.database import Database
from shared.privacy import erased
from shared.privacy.backfill import fill_persons
from shared.privacy.erased import Target


async def ask(database: Database, **request: str) -> Any:
    async with database.transaction() as uow:
        return await request_erasure(
            uow, SECRET, TENANT, ErasureRequest(**request), who=an_actor("Sara Lund")
        )


async def run_erasing(database: Database) -> list[Target]:
    """What the loop does, but for dead letters; returns those whom it has not finished."""
    assert SERVICE.personal_data is not None
    data = SERVICE.personal_data
    async with database.transaction() as uow:
        while await fill_persons(uow, SECRET, data.tables, 1_000):
            pass
    await erased.wait_for_unaware(database)
    async with database.transaction() as uow:
        await fill_persons(uow, SECRET, data.tables, 1_000)
        waiting = await erased.lock_waiting(uow, await erased.find_waiting(uow, ("", ""), 1_000))
        under_way = set(await data.erase(uow, waiting))
        await erased.store_done(uow, [target for target in waiting if target not in under_way])
    return sorted(under_way)


async def erase(database: Database, **request: str) -> Any:
    asked = await ask(database, **request)
    assert await run_erasing(database) == []
    return asked


async def execute(database: Database, sql: str) -> None:
    async with database.transaction() as uow:
        await uow.execute(sql)
